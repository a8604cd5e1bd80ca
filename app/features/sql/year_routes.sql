-- Year: products of the bills by destination in M1–M6 and in M7–M12, one row a merchant, and how
-- many names, phones and cards it had in M1–M12, from `parts`.
select
    place,
    cast(sum(case when kind = 2 then now_bills * then_bills else 0 end) as bigint) as now_then,
    cast(sum(case when kind = 2 then now_bills * now_bills else 0 end) as bigint) as now_now,
    cast(sum(case when kind = 2 then then_bills * then_bills else 0 end) as bigint) as then_then,
    count(case when kind = 5 then 1 end) as names,
    count(case when kind = 6 then 1 end) as phones,
    count(case when kind = 7 then 1 end) as cards
from parts
where kind = 2 or kind >= 5
group by place
order by place
