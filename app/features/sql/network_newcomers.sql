-- Network: consignees that were first sold to on $newcomers_from or later, and when, from the
-- merchants' bills of the months that may hold such days ({late}) and from `known` ({known}).
create or replace table newcomers as
select l.consignee, l.first_on
from (
    select consignee, min(created_on) as first_on
    from {late}
    group by consignee
) as l
anti join {known} k on l.consignee = k.consignee
where l.first_on >= $newcomers_from
