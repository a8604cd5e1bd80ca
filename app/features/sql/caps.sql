-- AMOUNT_OUTLIER of one month: which of a merchant's amounts are outliers, and what they are capped
-- at. `bills` and `thresholds` (source, amount_outlier_fen, medians) come in; a row (merchant,
-- source, outlier_from_fen, cap_fen) a merchant and source with outliers goes out.
-- An amount is an outlier from the source's threshold up, or above so many times (20) the
-- merchant's lower median. Only `suspects` are sorted: merchants with an amount over the threshold,
-- or whose largest amount is more than 20 times at least half of their amounts, which says the same
-- of the median. Few merchants are `conspicuous`; no amounts of others are looked at twice.
with conspicuous as (
    select merchant, max(amount_fen) as largest_fen, count(*) as bills
    from bills
    where amount_fen > 0
    group by merchant
    having max(amount_fen) >= $least_outlier_fen
        or max(amount_fen) > min(amount_fen) * $fewest_medians
),
amounts as (
    select
        b.merchant,
        b.source,
        b.amount_fen as eligible_fen,
        c.largest_fen,
        c.bills,
        t.amount_outlier_fen,
        t.medians
    from bills b
    join conspicuous c on b.merchant = c.merchant
    left join thresholds t on b.source = t.source
    where b.amount_fen > 0
),
suspects as (
    select merchant
    from amounts
    group by merchant
    having count(amount_outlier_fen) > 0
        and (
            count(case when eligible_fen >= amount_outlier_fen then 1 end) > 0
            or 2 * count(case when eligible_fen * $fewest_medians < largest_fen then 1 end)
                >= max(bills)
        )
),
ranked as (
    select
        a.merchant,
        a.source,
        a.eligible_fen,
        a.amount_outlier_fen,
        a.medians,
        row_number() over (partition by a.merchant order by a.eligible_fen) as place,
        count(*) over (partition by a.merchant) as bills
    from amounts a
    join suspects s on a.merchant = s.merchant
),
medians as (
    select merchant, max(eligible_fen) as median_fen
    from ranked
    where 2 * place = bills or 2 * place = bills + 1
    group by merchant
),
told as (
    select
        r.merchant,
        r.source,
        r.eligible_fen,
        r.amount_outlier_fen,
        case
            when r.amount_outlier_fen is null then false
            else r.eligible_fen >= r.amount_outlier_fen or r.eligible_fen > r.medians * m.median_fen
        end as is_outlier
    from ranked r
    join medians m on r.merchant = m.merchant
),
ordinary as (
    select
        merchant,
        eligible_fen,
        row_number() over (partition by merchant order by eligible_fen) as place,
        count(*) over (partition by merchant) as bills
    from told
    where not is_outlier
),
p99 as (
    select merchant, min(eligible_fen) as p99_fen
    from ordinary
    where 100 * place >= 99 * bills
    group by merchant
)
select
    o.merchant,
    o.source,
    min(o.eligible_fen) as outlier_from_fen,
    coalesce(min(p.p99_fen), min(o.amount_outlier_fen)) as cap_fen
from told o
left join p99 p on o.merchant = p.merchant
where o.is_outlier
group by o.merchant, o.source
