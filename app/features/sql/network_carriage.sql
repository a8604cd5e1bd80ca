-- Network: a merchant's sums of M1–M12, one row a merchant, from the rollup `merchant_carriage`
-- ({origin}) and the table `roster`.
select
    r.place,
    cast(sum(c.freight_judged) as bigint) as freight_judged,
    cast(sum(c.fee_judged) as bigint) as fee_judged,
    cast(sum(c.freight_outliers) as bigint) as freight_outliers,
    cast(sum(c.fee_outliers) as bigint) as fee_outliers,
    cast(sum(c.barred_fen) as bigint) as barred_fen,
    cast(sum(c.freight_outlier_fen) as bigint) as freight_outlier_fen,
    cast(sum(c.fee_outlier_fen) as bigint) as fee_outlier_fen,
    cast(sum(c.countable) as bigint) as countable,
    cast(sum(c.suspects) as bigint) as suspects,
    cast(sum(c.known_journeys) as bigint) as known_journeys,
    cast(sum(c.known_fen) as bigint) as known_fen,
    cast(sum(c.too_fast_fen) as bigint) as too_fast_fen
from {origin} c
join roster r on c.month = r.month and c.merchant = r.merchant
where c.month >= $m12 and c.month <= $m1
group by r.place
