-- Rollup: the phones on a merchant's bills of a month, its own and its consignees', from `bills`;
-- made only where there is a blacklist to compare them with.
select merchant, cast($month as integer) as month, phone
from (
    select merchant, phone
    from bills
    where is_bill and phone is not null
    union
    select merchant, consignee_phone
    from bills
    where is_bill and consignee_phone is not null
) as phones
order by merchant
