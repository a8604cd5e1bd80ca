-- Rollup: a merchant's month as its carriage shows it, from `bills` and the table `distances`: bills
-- judged for FREIGHT_OUTLIER and FEE_OUTLIER, outliers, and their would-be amounts; suspected
-- duplicates (a bill within so many seconds of the one before it with the same parties, amount and
-- pieces); signed bills on lanes of a known distance, and those signed sooner than goods can be
-- there. A time without a clock is the day's first moment for what was created, its last for what
-- was signed: only what is surely too fast counts.
with priced as (
    select merchant, consignee, cod_fen, pieces, created_at, $twice_seconds as within_seconds
    from bills
    where amount_fen + barred_fen > 0 and pieces is not null
),
alike as (
    select merchant, consignee, cod_fen, pieces
    from priced
    where within_seconds is not null
    group by merchant, consignee, cod_fen, pieces
    having count(*) > 1
),
gaps as (
    select
        p.merchant,
        p.within_seconds,
        date_diff(
            'second',
            lag(p.created_at) over (
                partition by p.merchant, p.consignee, p.cod_fen, p.pieces order by p.created_at
            ),
            p.created_at
        ) as seconds
    from priced p
    join alike a
        on p.merchant = a.merchant
        and p.consignee = a.consignee
        and p.cod_fen = a.cod_fen
        and p.pieces = a.pieces
    where p.within_seconds is not null
),
suspects as (
    select merchant, count(case when seconds <= within_seconds then 1 end) as suspects
    from gaps
    group by merchant
),
signed as (
    select
        b.merchant,
        b.amount_fen + b.barred_fen as amount_fen,
        date_diff('second', b.created_at, b.signed_at)
            + case when b.signed_at = date_trunc('day', b.signed_at) then 86400 else 0 end
            as seconds,
        coalesce(o.least_seconds, t.least_seconds) as least_seconds
    from bills b
    left join distances o on b.outlet = o.origin and b.destination = o.destination
    left join distances t on b.origin = t.origin and b.destination = t.destination
    where b.is_bill
        and b.signed_at < $cut_off
        and (b.flags & $time) = 0
        and $distances <> 'none'
),
journeys as (
    select
        merchant,
        count(*) as known_journeys,
        cast(sum(amount_fen) as bigint) as known_fen,
        cast(sum(case when seconds < least_seconds then amount_fen else 0 end) as bigint)
            as too_fast_fen
    from signed
    where least_seconds is not null
    group by merchant
),
counted as (
    select
        merchant,
        count(freight_ppm) as freight_judged,
        count(is_fee_outlier) as fee_judged,
        count(case when is_freight_outlier then 1 end) as freight_outliers,
        count(case when is_fee_outlier then 1 end) as fee_outliers,
        cast(sum(barred_fen) as bigint) as barred_fen,
        cast(sum(case when is_freight_outlier then barred_fen else 0 end) as bigint)
            as freight_outlier_fen,
        cast(sum(case when is_fee_outlier then barred_fen else 0 end) as bigint)
            as fee_outlier_fen,
        count(
            case
                when amount_fen + barred_fen > 0 and pieces is not null
                    and $twice_seconds is not null
                    then 1
            end
        ) as countable
    from bills
    group by merchant
)
select
    c.merchant,
    cast($month as integer) as month,
    c.freight_judged,
    c.fee_judged,
    c.freight_outliers,
    c.fee_outliers,
    c.barred_fen,
    c.freight_outlier_fen,
    c.fee_outlier_fen,
    c.countable,
    coalesce(s.suspects, 0) as suspects,
    coalesce(j.known_journeys, 0) as known_journeys,
    coalesce(j.known_fen, 0) as known_fen,
    coalesce(j.too_fast_fen, 0) as too_fast_fen
from counted c
left join suspects s on c.merchant = s.merchant
left join journeys j on c.merchant = j.merchant
order by c.merchant
