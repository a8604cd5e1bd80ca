-- FREIGHT_OUTLIER of one month: marks the bills whose freight lies outside P1–P99 of their lane and
-- category, or of their lane where too few bills tell what is usual, as `lanes` says.
update bills as b
set is_freight_outlier = true
from lanes l
where b.origin = l.origin
    and b.destination = l.destination
    and coalesce(b.category, 0) = l.category
    and case
        when l.bills >= $least_bills then b.freight_ppm < l.low_ppm or b.freight_ppm > l.high_ppm
        when l.lane_bills >= $least_bills
            then b.freight_ppm < l.lane_low_ppm or b.freight_ppm > l.lane_high_ppm
        else false
    end
