-- Block: of the months that the 30 days before T and the 180 days before those begin in, what lies in
-- either, one row a merchant, from the rollup `merchant_bill`; all months between lie wholly in one.
select
    place,
    cast(sum(case when created_on >= $recent_from then amount_fen else 0 end) as bigint)
        as recent_fen,
    cast(
        sum(
            case
                when created_on >= $base_from and created_on < $recent_from then amount_fen
                else 0
            end
        ) as bigint
    ) as base_fen
from merchant_bill
where month = $recent_month or month = $base_month
group by place
