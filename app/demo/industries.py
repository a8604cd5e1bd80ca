"""The trades of a wholesale market: goods, prices, and when in the year each of them sells."""

from __future__ import annotations

from dataclasses import dataclass

Year = tuple[float, ...]

# How busy each month of the solar year is, before holidays: January first, about 1 on average.
BUILDING: Year = (0.84, 0.74, 1.10, 1.20, 1.18, 1.04, 0.92, 0.95, 1.14, 1.20, 1.10, 0.90)
WEAR: Year = (1.04, 0.86, 1.12, 1.10, 0.95, 0.82, 0.80, 0.98, 1.20, 1.24, 1.16, 1.08)
HOUSEHOLD: Year = (1.02, 0.88, 1.08, 1.08, 1.02, 0.95, 0.90, 0.95, 1.10, 1.12, 1.05, 1.05)
COOLING: Year = (0.78, 0.76, 0.98, 1.18, 1.42, 1.46, 1.18, 0.90, 0.84, 0.88, 0.96, 1.00)
GARDEN: Year = (0.50, 0.76, 1.50, 1.72, 1.50, 1.14, 0.86, 0.82, 0.96, 0.92, 0.68, 0.54)
SCHOOL: Year = (0.78, 1.04, 1.08, 0.90, 0.86, 0.90, 1.20, 1.52, 1.14, 0.88, 0.82, 0.86)
FOOD: Year = (1.30, 0.82, 0.86, 0.90, 0.94, 0.92, 0.92, 1.10, 1.26, 0.96, 0.96, 1.22)
TOYS: Year = (1.00, 0.86, 0.96, 1.10, 1.42, 0.95, 0.82, 0.86, 1.04, 1.08, 1.04, 1.14)
EVEN: Year = (0.98, 0.92, 1.06, 1.06, 1.03, 0.98, 0.95, 0.96, 1.04, 1.05, 1.03, 1.00)


@dataclass(frozen=True, slots=True)
class Industry:
    """A trade: its goods, the middle amount of a bill and of a kilogram in yuan, its year, and how
    much more is shipped in the weeks in which customers stock up for the Spring Festival.
    """

    name: str
    goods: tuple[str, ...]
    ticket: float
    yuan_per_kg: float
    year: Year
    stocking: float


INDUSTRIES = (
    Industry("五金", ("合页", "螺丝", "锁具", "水暖件"), 5_200, 22, BUILDING, 1.08),
    Industry("建材", ("瓷砖", "卫浴", "石膏板", "管件"), 7_600, 8, BUILDING, 1.02),
    Industry("板材", ("多层板", "密度板", "木线条"), 8_800, 5, BUILDING, 1.00),
    Industry("服装鞋帽", ("女装", "童装", "运动鞋", "布鞋"), 6_200, 60, WEAR, 1.35),
    Industry("日用百货", ("收纳箱", "保温杯", "雨具", "拖把"), 4_400, 18, HOUSEHOLD, 1.20),
    Industry("家电", ("电风扇", "电饭煲", "小家电"), 6_800, 35, COOLING, 1.10),
    Industry("汽摩配件", ("滤清器", "刹车片", "轮胎", "蓄电池"), 6_400, 30, EVEN, 1.05),
    Industry("园林机械", ("割草机", "喷雾器", "油锯"), 6_600, 28, GARDEN, 1.00),
    Industry("文体用品", ("笔记本", "书包", "球类"), 4_800, 25, SCHOOL, 1.00),
    Industry("副食酒水", ("调味品", "饮料", "白酒", "干果"), 5_400, 12, FOOD, 1.60),
    Industry("灯具", ("吸顶灯", "筒灯", "灯带"), 5_600, 40, HOUSEHOLD, 1.10),
    Industry("陶瓷", ("碗盘", "花瓶", "茶具"), 5_200, 11, HOUSEHOLD, 1.15),
    Industry("塑料制品", ("塑料筐", "薄膜", "水管"), 5_400, 10, EVEN, 1.05),
    Industry("玩具", ("积木", "毛绒玩具", "童车"), 5_000, 30, TOYS, 1.15),
    Industry("劳保用品", ("手套", "安全鞋", "口罩"), 4_800, 26, EVEN, 1.02),
    Industry("化工", ("涂料", "胶水", "清洗剂"), 7_000, 14, BUILDING, 1.00),
)
