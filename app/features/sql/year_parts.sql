-- Year: what a merchant had in M1–M6 (now) and in M7–M12 (then) with each carrier (kind 1),
-- destination (2) and goods category (3), from the rollup `merchant_bill`, and with each origin (4)
-- and its own names (5), phones (6) and cards (7), from `merchant_identity`, once for all that
-- reads it; amounts stand with carriers and categories only.
create or replace temp table parts as
select
    place,
    cast(1 as tinyint) as kind,
    carrier as value,
    count(case when month >= $m6 then 1 end) as now_bills,
    count(case when month < $m6 then 1 end) as then_bills,
    cast(sum(case when month >= $m6 then amount_fen else 0 end) as bigint) as now_fen,
    cast(sum(case when month < $m6 then amount_fen else 0 end) as bigint) as then_fen
from merchant_bill
where month >= $m12 and carrier is not null
group by place, carrier
union all
select
    place,
    cast(2 as tinyint),
    destination,
    count(case when month >= $m6 then 1 end),
    count(case when month < $m6 then 1 end),
    cast(0 as bigint),
    cast(0 as bigint)
from merchant_bill
where month >= $m12 and destination is not null
group by place, destination
union all
select
    place,
    cast(3 as tinyint),
    category,
    count(case when month >= $m6 then 1 end),
    count(case when month < $m6 then 1 end),
    cast(sum(case when month >= $m6 then amount_fen else 0 end) as bigint),
    cast(sum(case when month < $m6 then amount_fen else 0 end) as bigint)
from merchant_bill
where month >= $m12 and category is not null
group by place, category
union all
select
    place,
    kind,
    value,
    cast(sum(case when month >= $m6 then bills else 0 end) as bigint),
    cast(sum(case when month < $m6 then bills else 0 end) as bigint),
    cast(0 as bigint),
    cast(0 as bigint)
from (
    select place, month, bills, cast(4 as tinyint) as kind, origin as value from merchant_identity
    union all
    select place, month, bills, cast(5 as tinyint), name from merchant_identity
    union all
    select place, month, bills, cast(6 as tinyint), phone from merchant_identity
    union all
    select place, month, bills, cast(7 as tinyint), card from merchant_identity
) as identities
where month >= $m12 and value is not null
group by place, kind, value
