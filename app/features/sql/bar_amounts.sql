-- FREIGHT_OUTLIER and FEE_OUTLIER of one month: what they make not eligible; `barred_fen` keeps what
-- would have been, after the cap.
update bills
set barred_fen = amount_fen, amount_fen = 0
where amount_fen > 0 and (is_freight_outlier or is_fee_outlier)
