"""Messages, and what somebody who knows the language expects a search to find among them."""

from __future__ import annotations

from typing import NamedTuple

MESSAGES = (
    "今日の天気は晴れです",
    "明日は会議があります。資料を準備してください",
    "ｻｰﾊﾞｰを再起動しました",
    "データベースのバックアップに失敗しました",
    "東京都に住んでいます",
    "Pythonの入門書を2026年3月に買った",
    "寿司が食べたい",
    "ＡＢＣ社の見積もり",
    "今天天气很好我们去公园散步",
    "服务器已经重新启动了",
    "請把檔案上傳到伺服器",
    "数据库备份失败",
    "오늘 날씨가 좋습니다",
    "서버를 다시 시작했습니다",
    "회의 자료를 보내 주세요",
    "วันนี้อากาศดีมาก",
    "เซิร์ฟเวอร์ล่มตั้งแต่เมื่อคืน",
    "กรุณาส่งรายงานภายในวันศุกร์",
    "ສະບາຍດີຕອນເຊົ້າ",
    "ខ្ញុំស្រឡាញ់ភាសាខ្មែរ",
    "ကျွန်တော်မြန်မာစာသင်နေတယ်",
    "आज मौसम बहुत अच्छा है",
    "सर्वर फिर से चालू हो गया",
    "الخادمُ تَوَقَّفَ هذا الصباح",
    "كتاب جديد عن البرمجة",
    "הַשָּׁרָת קרס הבוקר",
    "Die Prüfung beginnt am Montag, bitte Übungsblätter mitbringen",
    "Donau\u00addampf\u00adschiff",
    "Réunion à l'École demain",
    "Thời tiết hôm nay đẹp",
    "Сервер перезапущен",
    "build 4711 failed: commit 9f8e7d6c5b4a",
    "snake_case_name in chatd/journal/search.py",
    "v2.10.1 was released",
    "ERROR: NullPointerException at Foo.bar()",
    "the server was restarted, nothing is lost",
)


class Judged(NamedTuple):
    """A search, and the numbers of the messages that are expected."""

    language: str
    words: str
    expected: tuple[int, ...]
    instead: tuple[int, ...] | None = None
    """What is found that should not be, or not found that should be: a limit that is known."""

    @property
    def found(self) -> tuple[int, ...]:
        """The numbers of the messages that are found."""
        return self.expected if self.instead is None else self.instead


QUERIES = (
    Judged("Japanese", "天気", (0,)),
    Judged("Japanese", "晴れ", (0,)),
    Judged("Japanese", "天", (0, 8)),
    Judged("Japanese", "会議 資料", (1,)),
    Judged("Japanese", "サーバー", (2,)),
    Judged("Japanese", "再起動", (2,)),
    Judged("Japanese", "バックアップ", (3,)),
    Judged("Japanese", "失敗", (3,)),
    Judged("Japanese", "東京", (4,)),
    Judged("Japanese", "入門", (5,)),
    Judged("Japanese", "Python", (5,)),
    Judged("Japanese", "2026年3月", (5,)),
    Judged("Japanese", "寿司。", (6,)),
    Judged("Japanese", "ABC社", (7,)),
    Judged("Japanese", "蕎麦", ()),
    Judged("Japanese", "京都", (), instead=(4,)),
    Judged("Chinese", "天气", (8,)),
    Judged("Chinese", "公园", (8,)),
    Judged("Chinese", "服务器", (9,)),
    Judged("Chinese", "重新启动", (9,)),
    Judged("Chinese", "檔案", (10,)),
    Judged("Chinese", "备份", (11,)),
    Judged("Korean", "날씨", (12,)),
    Judged("Korean", "서버", (13,)),
    Judged("Korean", "시작", (13,)),
    Judged("Korean", "자료", (14,)),
    Judged("Korean", "회의", (14,)),
    Judged("Korean", "좋다", (12,), instead=()),
    Judged("Thai", "อากาศ", (15,)),
    Judged("Thai", "วัน", (15, 17)),
    Judged("Thai", "เซิร์ฟเวอร์", (16,)),
    Judged("Thai", "รายงาน", (17,)),
    Judged("Thai", "น้ำ", ()),
    Judged("Lao", "ຕອນເຊົ້າ", (18,)),
    Judged("Khmer", "ភាសា", (19,)),
    Judged("Burmese", "မြန်မာ", (20,)),
    Judged("Hindi", "मौसम", (21,)),
    Judged("Hindi", "है", (21,)),
    Judged("Hindi", "सर्वर", (22,)),
    Judged("Hindi", "सर", ()),
    Judged("Arabic", "توقف", (23,)),
    Judged("Arabic", "الخادم", (23,)),
    Judged("Arabic", "كتــاب", (24,)),
    Judged("Hebrew", "השרת", (25,)),
    Judged("Hebrew", "הבוקר", (25,)),
    Judged("German", "prüfung", (26,)),
    Judged("German", "übungs*", (26,)),
    Judged("German", "Donaudampfschiff", (27,)),
    Judged("French", "ecole", (28,)),
    Judged("Vietnamese", "thoi tiet", (29,)),
    Judged("Russian", "перезапу*", (30,)),
    Judged("code", "fail*", (31,)),
    Judged("code", "9f8e*", (31,)),
    Judged("code", "4711", (31,)),
    Judged("code", "search.py", (32,)),
    Judged("code", "snake_case", (32,)),
    Judged("code", "v2.10", (33,)),
    Judged("code", "NullPointer*", (34,)),
    Judged("code", "serv*", (35,)),
    Judged("code", "rest", ()),
)
