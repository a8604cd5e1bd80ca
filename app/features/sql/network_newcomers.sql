-- Network: consignees that were first sold to on $newcomers_from or later, and when, from the
-- bills of merchants ({late}: the months that may hold such days; {origin}: all).
create or replace table newcomers as
with late as (
    select consignee, min(created_on) as first_on
    from {late}
    where created_on >= $newcomers_from
    group by consignee
),
known as (
    select distinct o.consignee
    from {origin} o
    semi join late l on o.consignee = l.consignee
    where o.created_on < $newcomers_from
)
select l.consignee, l.first_on
from late l
anti join known k on l.consignee = k.consignee
