-- FREIGHT_OUTLIER of one month: what freight usually is, in millionths of the COD amount, on each
-- lane (origin and destination) and for each goods category of it. `bills` comes in; a row a lane
-- and category goes out: how many `bills` tell what is usual there and their P1 and P99 (nearest
-- rank; null below $fewest_bills), and the same of the whole lane. Category 0 is that of bills
-- without one.
-- Only the slots that hold a P1 or a P99 are sorted: counts of slots tell which these are, and the
-- rank within them.
with slotted as (
    select
        origin,
        destination,
        coalesce(category, 0) as category,
        case
            when freight_ppm < 131072 then freight_ppm // 2048
            else least(64 + freight_ppm // 65536, 255)
        end as slot,
        freight_ppm
    from bills
    where freight_ppm is not null and origin is not null and destination is not null
),
slots as (
    select origin, destination, category, slot, count(*) as bills
    from slotted
    group by origin, destination, category, slot
),
own as (
    select
        origin,
        destination,
        category,
        slot,
        bills,
        sum(bills) over (partition by origin, destination, category) as whole,
        sum(bills) over (partition by origin, destination, category order by slot) as reached
    from slots
),
own_ends as (
    select
        origin,
        destination,
        category,
        slot,
        whole,
        case when reached * 100 >= whole and (reached - bills) * 100 < whole
            then (whole + 99) // 100 - (reached - bills) end as low_rank,
        case when reached * 100 >= whole * 99 and (reached - bills) * 100 < whole * 99
            then (whole * 99 + 99) // 100 - (reached - bills) end as high_rank
    from own
    where whole >= $fewest_bills
        and category <> 0
        and (
            (reached * 100 >= whole and (reached - bills) * 100 < whole)
            or (reached * 100 >= whole * 99 and (reached - bills) * 100 < whole * 99)
        )
),
own_ranked as (
    select
        e.origin,
        e.destination,
        e.category,
        e.whole,
        e.low_rank,
        e.high_rank,
        s.freight_ppm,
        row_number() over (
            partition by e.origin, e.destination, e.category, e.slot order by s.freight_ppm
        ) as place
    from own_ends e
    join slotted s
        on e.origin = s.origin
        and e.destination = s.destination
        and e.category = s.category
        and e.slot = s.slot
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
lane as (
    select
        origin,
        destination,
        slot,
        bills,
        sum(bills) over (partition by origin, destination) as whole,
        sum(bills) over (partition by origin, destination order by slot) as reached
    from (
        select origin, destination, slot, sum(bills) as bills
        from slots
        group by origin, destination, slot
    ) as lane_slots
),
lane_ends as (
    select
        origin,
        destination,
        slot,
        whole,
        case when reached * 100 >= whole and (reached - bills) * 100 < whole
            then (whole + 99) // 100 - (reached - bills) end as low_rank,
        case when reached * 100 >= whole * 99 and (reached - bills) * 100 < whole * 99
            then (whole * 99 + 99) // 100 - (reached - bills) end as high_rank
    from lane
    where whole >= $fewest_bills
        and (
            (reached * 100 >= whole and (reached - bills) * 100 < whole)
            or (reached * 100 >= whole * 99 and (reached - bills) * 100 < whole * 99)
        )
),
lane_ranked as (
    select
        e.origin,
        e.destination,
        e.whole,
        e.low_rank,
        e.high_rank,
        s.freight_ppm,
        row_number() over (
            partition by e.origin, e.destination, e.slot order by s.freight_ppm
        ) as place
    from lane_ends e
    join slotted s on e.origin = s.origin and e.destination = s.destination and e.slot = s.slot
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
from (select distinct origin, destination, category from slots) as g
join lane_bounds l on g.origin = l.origin and g.destination = l.destination
left join own_bounds o
    on g.origin = o.origin and g.destination = o.destination and g.category = o.category
