-- One month's waybills as every rollup sees them: the view `waybills` (the month's files, created
-- before the cut-off), `merchants` (month_merchants.sql) and `returned` (places of originals that a
-- return waybill of any month names) come in; one row a waybill goes out. Texts that are only told
-- apart become 64-bit keys. `amount_fen` is the eligible amount; cap_amounts.sql caps it afterwards,
-- and bar_amounts.sql moves it to `barred_fen` where carriage is odd. `freight_ppm` is freight in
-- millionths of the COD amount, null where it is not judged, as is `is_fee_outlier`;
-- `is_freight_outlier` is what the bill alone tells (mark_freight.sql adds what its lane does).
select
    m.merchant,
    m.shipper,
    w.source,
    w.waybill_no,
    key_of(w.consignee_id) as consignee,
    case when w.carrier_id is not null then key_of(w.carrier_id) end as carrier,
    case when w.destination is not null then key_of(w.destination) end as destination,
    case when w.goods_category is not null then key_of(w.goods_category) end as category,
    case when w.origin is not null then key_of(w.origin) end as origin,
    case when w.shipper_name_hash is not null then key_of(w.shipper_name_hash) end as name,
    case when w.shipper_phone_hash is not null then key_of(w.shipper_phone_hash) end as phone,
    case when w.shipper_card_hash is not null then key_of(w.shipper_card_hash) end as card,
    case when w.consignee_phone_hash is not null then key_of(w.consignee_phone_hash) end
        as consignee_phone,
    w.flags,
    w.repeats,
    w.resets,
    $outlet as outlet,
    w.pieces,
    w.created_at,
    $twice_seconds as twice_seconds,
    $freight_ppm as freight_ppm,
    $freight_slot as freight_slot,
    $is_freight_outlier as is_freight_outlier,
    $is_fee_outlier as is_fee_outlier,
    cast(0 as bigint) as barred_fen,
    cast(w.created_at as date) as created_on,
    w.signed_at,
    w.cod_paid_at,
    w.freight_fen,
    coalesce(w.cod_fen, 0) as cod_fen,
    w.cod_first_fen is not null as has_first_amount,
    w.status in ('signed', 'cod_collected', 'cod_remitted', 'cod_paid') as says_signed,
    w.status in ('cod_paid', 'paid') as says_settled,
    w.status = 'paid' or w.status like 'cod!_%' escape '!' as tells_settlement,
    w.is_sale and r.file_row_number is null as is_bill,
    (w.flags & $returned) <> 0 or r.file_row_number is not null as is_returned,
    w.return_of is not null as is_return_waybill,
    (w.shipper_name_hash is not null and w.consignee_name_hash is not null)
        or (w.shipper_phone_hash is not null and w.consignee_phone_hash is not null)
        as is_two_sided,
    case when w.is_sale and r.file_row_number is null then w.eligible_fen else 0 end as amount_fen
from waybills w
join merchants m on w.merchant_id = m.merchant_id
left join returned r on w.file_row_number = r.file_row_number and w.file_index = r.file_index
