-- Year: the main goods category (kind 3, by amount) and the main origin (kind 4, by bills) of each
-- merchant's M1–M12, from `parts` and the table `words`; equals go to the
-- one with more bills, then to the one that comes first by its letters. `part` of `whole` is its
-- share: fen of kind 3, bills of kind 4.
with named as (
    select
        a.place,
        a.kind,
        w.word,
        cast(sum(a.now_bills + a.then_bills) as bigint) as bills,
        cast(
            sum(
                case when a.kind = 3 then a.now_fen + a.then_fen else a.now_bills + a.then_bills end
            ) as bigint
        ) as part
    from parts a
    join words w on a.kind = w.kind and a.value = w.value
    group by a.place, a.kind, w.word
),
ranked as (
    select
        *,
        cast(sum(part) over (partition by place, kind) as bigint) as whole,
        row_number() over (partition by place, kind order by part desc, bills desc, word) as rank
    from named
)
select place, kind, word, part, whole
from ranked
where rank = 1
order by place, kind
