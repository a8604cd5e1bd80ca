-- Rollup: a merchant's month as its carriage shows it, from `bills` and the table `distances`: bills
-- judged for FREIGHT_OUTLIER and FEE_OUTLIER, outliers, and their would-be amounts; suspected
-- duplicates (a bill within so many seconds of the one before it with the same parties, amount and
-- pieces); signed bills on lanes of a known distance, and those signed sooner than goods can be
-- there. A time without a clock is the day's first moment for what was created, its last for what
-- was signed: only what is surely too fast counts.
with alike as (
    select merchant, consignee, cod_fen, pieces
    from bills
    where twice_seconds is not null
    group by merchant, consignee, cod_fen, pieces
    having count(*) > 1
),
gaps as (
    select
        b.merchant,
        b.twice_seconds as within_seconds,
        date_diff(
            'second',
            lag(b.created_at) over (
                partition by b.merchant, b.consignee, b.cod_fen, b.pieces
                order by b.created_at, b.twice_seconds
            ),
            b.created_at
        ) as seconds
    from alike a
    join bills b
        on a.merchant = b.merchant
        and a.consignee = b.consignee
        and a.cod_fen = b.cod_fen
        and a.pieces = b.pieces
    where b.twice_seconds is not null
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
        date_diff('second', b.created_at, b.signed_at) as seconds,
        b.signed_at,
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
        cast(
            sum(
                case
                    when seconds >= least_seconds then 0
                    when signed_at <> date_trunc('day', signed_at) then amount_fen
                    when seconds + 86400 < least_seconds then amount_fen
                    else 0
                end
            ) as bigint
        ) as too_fast_fen
    from signed
    where least_seconds is not null
    group by merchant
),
barred as (
    select
        merchant,
        count(case when is_freight_outlier then 1 end) as freight_outliers,
        count(case when is_fee_outlier then 1 end) as fee_outliers,
        cast(sum(barred_fen) as bigint) as barred_fen,
        cast(sum(case when is_freight_outlier then barred_fen else 0 end) as bigint)
            as freight_outlier_fen,
        cast(sum(case when is_fee_outlier then barred_fen else 0 end) as bigint)
            as fee_outlier_fen
    from bills
    where barred_fen > 0
    group by merchant
),
judged as (
    select
        merchant,
        count(freight_ppm) as freight_judged,
        count(is_fee_outlier) as fee_judged,
        count(twice_seconds) as countable
    from bills
    group by merchant
)
select
    g.merchant,
    cast($month as integer) as month,
    g.freight_judged,
    g.fee_judged,
    coalesce(b.freight_outliers, 0) as freight_outliers,
    coalesce(b.fee_outliers, 0) as fee_outliers,
    coalesce(b.barred_fen, 0) as barred_fen,
    coalesce(b.freight_outlier_fen, 0) as freight_outlier_fen,
    coalesce(b.fee_outlier_fen, 0) as fee_outlier_fen,
    g.countable,
    coalesce(s.suspects, 0) as suspects,
    coalesce(j.known_journeys, 0) as known_journeys,
    coalesce(j.known_fen, 0) as known_fen,
    coalesce(j.too_fast_fen, 0) as too_fast_fen
from judged g
left join barred b on g.merchant = b.merchant
left join suspects s on g.merchant = s.merchant
left join journeys j on g.merchant = j.merchant
order by g.merchant
