-- Block: the merchant's months M1–M12, from the rollup `merchant_quality`; `place` is the
-- merchant's row in the block.
select *
from merchant_quality
where month >= $m12
order by place, month
