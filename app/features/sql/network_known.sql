-- Network: who was sold to in the months before those that may hold newcomers, from the merchants'
-- bills of these months ({before}).
select distinct consignee
from {before}
