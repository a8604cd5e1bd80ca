-- Block: which `merchant` of which month is which row of the block, from the table `roster`; a
-- block is the merchants from place $begin up to $end in the order of merchant_id.
create or replace temp table places as
select month, merchant, cast(place - $begin as integer) as place
from roster
where place >= $begin and place < $end
