-- Block: what a merchant had in M1–M6 (now) and in M7–M12 (then) with each carrier, destination,
-- goods category, … of the rollup `merchant_attribute`, once for all that reads it.
create or replace temp table parts as
select
    place,
    kind,
    value,
    cast(sum(case when month >= $m6 then bills else 0 end) as bigint) as now_bills,
    cast(sum(case when month < $m6 then bills else 0 end) as bigint) as then_bills,
    cast(sum(case when month >= $m6 then amount_fen else 0 end) as bigint) as now_fen,
    cast(sum(case when month < $m6 then amount_fen else 0 end) as bigint) as then_fen
from merchant_attribute
where month >= $m12
group by place, kind, value
