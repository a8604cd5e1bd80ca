-- Network: each merchant's key in the namespace of parties, and its place, from the table `listed`.
create or replace table shippers as
select key_of(merchant_id) as shipper, place
from listed
