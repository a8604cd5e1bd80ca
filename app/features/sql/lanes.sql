-- FREIGHT_OUTLIER of one month: what freight usually is, in millionths of the COD amount, on each
-- lane (origin and destination) and for each goods category of it. `bills` comes in; a row a lane
-- and category goes out: how many `bills` tell what is usual there and their P1 and P99 (nearest
-- rank; null below $fewest_bills), and the same of the whole lane. Category 0 is that of bills
-- without one.
-- Few bills are sorted: those in the slots that hold a P1 or a P99. Counts by slot tell which slots
-- these are, and the rank within them.
with goods as (
    select origin, destination, coalesce(category, 0) as category, count(*) as bills
    from bills
    where freight_slot is not null and origin is not null and destination is not null
    group by origin, destination, coalesce(category, 0)
),
own_slots as (
    select g.origin, g.destination, g.category, b.freight_slot, count(*) as bills
    from goods g
    join bills b
        on g.origin = b.origin and g.destination = b.destination and g.category = b.category
    where g.bills >= $fewest_bills and g.category <> 0 and b.freight_slot is not null
    group by g.origin, g.destination, g.category, b.freight_slot
),
own_ends as (
    select
        origin,
        destination,
        category,
        freight_slot,
        whole,
        case when reached * 100 >= whole and (reached - bills) * 100 < whole
            then (whole + 99) // 100 - (reached - bills) end as low_rank,
        case when reached * 100 >= whole * 99 and (reached - bills) * 100 < whole * 99
            then (whole * 99 + 99) // 100 - (reached - bills) end as high_rank
    from (
        select
            *,
            sum(bills) over (partition by origin, destination, category) as whole,
            sum(bills) over (partition by origin, destination, category order by freight_slot) as reached
        from own_slots
    ) as summed
    where whole >= $fewest_bills
),
own_ranked as (
    select
        e.origin,
        e.destination,
        e.category,
        e.whole,
        e.low_rank,
        e.high_rank,
        b.freight_ppm,
        row_number() over (
            partition by e.origin, e.destination, e.category, e.freight_slot order by b.freight_ppm
        ) as place
    from own_ends e
    join bills b
        on e.origin = b.origin
        and e.destination = b.destination
        and e.category = b.category
        and e.freight_slot = b.freight_slot
    where e.low_rank is not null or e.high_rank is not null
),
own_bounds as (
    select
        origin,
        destination,
        category,
        cast(max(whole) as bigint) as bills,
        min(case when place = low_rank then freight_ppm end) as low_ppm,
        min(case when place = high_rank then freight_ppm end) as high_ppm
    from own_ranked
    group by origin, destination, category
),
lane_slots as (
    select origin, destination, freight_slot, count(*) as bills
    from bills
    where freight_slot is not null and origin is not null and destination is not null
    group by origin, destination, freight_slot
),
lane_ends as (
    select
        origin,
        destination,
        freight_slot,
        whole,
        case when reached * 100 >= whole and (reached - bills) * 100 < whole
            then (whole + 99) // 100 - (reached - bills) end as low_rank,
        case when reached * 100 >= whole * 99 and (reached - bills) * 100 < whole * 99
            then (whole * 99 + 99) // 100 - (reached - bills) end as high_rank
    from (
        select
            *,
            sum(bills) over (partition by origin, destination) as whole,
            sum(bills) over (partition by origin, destination order by freight_slot) as reached
        from lane_slots
    ) as summed
    where whole >= $fewest_bills
),
lane_ranked as (
    select
        e.origin,
        e.destination,
        e.whole,
        e.low_rank,
        e.high_rank,
        b.freight_ppm,
        row_number() over (
            partition by e.origin, e.destination, e.freight_slot order by b.freight_ppm
        ) as place
    from lane_ends e
    join bills b
        on e.origin = b.origin
        and e.destination = b.destination
        and e.freight_slot = b.freight_slot
    where e.low_rank is not null or e.high_rank is not null
),
lane_bounds as (
    select
        origin,
        destination,
        cast(max(whole) as bigint) as bills,
        min(case when place = low_rank then freight_ppm end) as low_ppm,
        min(case when place = high_rank then freight_ppm end) as high_ppm
    from lane_ranked
    group by origin, destination
)
select
    g.origin,
    g.destination,
    g.category,
    o.bills,
    o.low_ppm,
    o.high_ppm,
    l.bills as lane_bills,
    l.low_ppm as lane_low_ppm,
    l.high_ppm as lane_high_ppm
from goods g
join lane_bounds l on g.origin = l.origin and g.destination = l.destination
left join own_bounds o
    on g.origin = o.origin and g.destination = o.destination and g.category = o.category
