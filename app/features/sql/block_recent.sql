-- Block: the amounts of the 30 days before T and of the 180 days before those, one row a merchant,
-- from the rollup `merchant_recent`.
select
    place,
    cast(sum(recent_fen) as bigint) as recent_fen,
    cast(sum(base_fen) as bigint) as base_fen
from merchant_recent
group by place
