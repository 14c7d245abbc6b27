"""Published test vectors of the callback scheme (sample secrets of public documents and libraries) and three of ours.

V1: vendor's page 90968. V3, V4, V4b: go-workwx. V5*: wechatpy. V6: go-wecom. S*: made for this project.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Vector:
    name: str
    token: str
    aes_key: str
    receive_id: str
    timestamp: str
    nonce: str
    signature: str
    sealed: str
    plain: bytes


VECTORS: dict[str, Vector] = {}

VECTORS["V1"] = Vector(
    "V1", "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7",
    "1409659813", "1372623149", "477715d11cdb4164915debcba66cb864d751f3e6",
    (
        "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvu"
        "JTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwG"
        "c2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9"
        "EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0"
        "lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
    ),
    (
        b"<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUse"
        b"rName>\n<FromUserName><![CDATA[mycreate]]></FromUserNam"
        b"e>\n<CreateTime>1409659813</CreateTime>\n<MsgType><![CDA"
        b"TA[text]]></MsgType>\n<Content><![CDATA[hello]]></Conte"
        b"nt>\n<MsgId>4561255354251345929</MsgId>\n<AgentID>218</AgentID>\n</xml>"
    ),
)  # fmt: skip
VECTORS["V2"] = Vector(
    "V2", "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7",
    "1409659589", "263014780", "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
    b"1616140317555161061",
)  # fmt: skip
VECTORS["V3"] = Vector(
    "V3", "kjr2TKI8umCBfVF3wAHk8JiPwma5VBme", "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws", "ww6a112864f8022910",
    "1583940690", "VHh7ymSeb0jc4lSb", "1ba3cb09c0d2c2b3ed6900d37f91a6efae6cb011",
    "6KmUQuPVu7UhjyVqRdbo5SfcRqaHvbUlKSHFvBV2ZuR6TIlKsygcfeSd1GDplg1C5KSKr6UPHCaC/nIX3ZNt9w==",
    b"94966531020182955848408",
)  # fmt: skip
VECTORS["V4"] = Vector(
    "V4", "kz7Yx62CH8SaLN", "cD0d7jx4tYvVtzqrmh3Dm3QFCXe6f8SlHoMtMh3qQEP", "ww6a112864f8022910",
    "1583995625", "1584392382", "f265ae551b1932727204c3d707628d01376a6940",
    (
        "EUCt7xMcNiyASzZj0Hjc5yDjFQrCum6AfQ3ntHiUzjGQ51xieKmbvtrZ40/EcB2W/W8yH0n4Lqx48gJl/T9HD/R309I0P/r5pIZucK3lyEn4"
        "8FYMr4YdE0QdL2jIJ3xkcXUr6uzefzCxG6lMvwpAJaOyVCzN7sRRw47njfxy5EIqU6R9ZBhlTzfdnhhOhK/nTwzrZX3SoGlXFA9OBeZ6ru1N"
        "WpXFk76x9DUMe0lcxPPiUqK8ctnQcYXSGUHVqC6DfG7E7mab0OmruNN8cBZY5d3dYOBA4OgaH55Q0AJmUpdT8vNiXpXx+6TxT3TIjySXpDrH"
        "Vyrsb772aYywgg/Nu4kUmGkALwFZlzhjNegR7wDwb9lr4ERXsSSS8JZ8lbBmaQ3F2Tq584xoPj5rIhXAF734ynm4no1g+SdHiNqR328="
    ),
    (
        b"<xml><ToUserName><![CDATA[ww6a112864f8022910]]></ToUse"
        b"rName><FromUserName><![CDATA[foobar]]></FromUserName><"
        b"CreateTime>1583995625</CreateTime><MsgType><![CDATA[te"
        b"xt]]></MsgType><Content><![CDATA[x123]]></Content><Msg"
        b"Id>2018405441</MsgId><AgentID>1000002</AgentID></xml>"
    ),
)  # fmt: skip
VECTORS["V4b"] = Vector(
    "V4b", "kz7Yx62CH8SaLN", "cD0d7jx4tYvVtzqrmh3Dm3QFCXe6f8SlHoMtMh3qQEP", "wwf181555a13a31443",
    "1583995625", "1584392382", "a44d1b7dc3dc4b02edd99dc32afa6a26be7c92f6",
    (
        "fyVN9BUnH6xNl0/VCHTCg6XGxxvoFdyZ7VQbAbBcQ79dVccYvdIyJYZSMMhkPy8LPaoe+V27qjoQ553fXavmrPOgxzHrKKf3YIu63pB4/nN0"
        "LY4S+GzUFi/LLFj1TI1sOh0q2jT5u1nYz5G3HFNLd3DFUvJVLtZl8mVMwUOzBpzKZhhmCvIJLVlvym9tt+VYwG06MSbmnf9AzYFKhm1BIy+9"
        "5Q824ilY6Wy8l+vkFqEdASl2k83jMXvlkVRSB3hmNptWTbq8ygDdLtkCyA4UEiZvfTskqqVkbYwLptRl/1F+DVL9SH/TWt2j3dCm4rzY5jQG"
        "+fA+2xh2Kk+OrVgafqtQCfhjq8C38A2IwCcg2BONKk8s5ijFxQoszmXvJQ3zLYbjzRWQ40xhryDyPNNse7/slKVW2QMBEUPNOxUcX9k="
    ),
    (
        b"<xml><ToUserName><![CDATA[wwf181555a13a31443]]></ToUse"
        b"rName><FromUserName><![CDATA[xen0n]]></FromUserName><C"
        b"reateTime>1583995625</CreateTime><MsgType><![CDATA[tex"
        b"t]]></MsgType><Content><![CDATA[x123]]></Content><MsgI"
        b"d>2018405441</MsgId><AgentID>1000002</AgentID></xml>"
    ),
)  # fmt: skip
VECTORS["V5"] = Vector(
    "V5", "123456", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a",
    "1411443780", "437374425", "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96",
    "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==",
    b"5927782489442352469",
)  # fmt: skip
VECTORS["V5b"] = Vector(
    "V5b", "123456", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a",
    "1411525903", "461056294", "74d92dfeb87ba7c714f89d98870ae5eb62dff26d",
    (
        "RgqEoJj5A4EMYlLvWO1F86ioRjZfaex/gePD0gOXTxpsq5Yj4GNglrBb8I2BAJVODGajiFnXBu7mCPatfjsu6IHCrsTyeDXzF6Bv283dGymz"
        "xh6ydJRvZsryDyZbLTE7rhnus50qGPMfp2wASFlzEgMW9z1ef/RD8XzaFYgm7iTdaXpXaG4+BiYyolBug/gYNx410cvkKR2/nPwBiT+P4hIi"
        "OAQqGp/TywZBtDh1yCF2KOd0gpiMZ5jSw3e29mTvmUHzkVQiMS6td7vXUaWOMZnYZlF3So2SjHnwh4jYFxdgpkHHqIrH/54SNdshoQgWYEvc"
        "cTKe7FS709/5t6NMxuGhcUGAPOQipvWTT4dShyqio7mlsl5noTrb++x6En749zCpQVhDpbV6GDnTbcX2e8K9QaNWHp91eBdCRxthuL0="
    ),
    (
        b"<xml><ToUserName><![CDATA[wx49f0ab532d5d035a]]></ToUse"
        b"rName>\n<FromUserName><![CDATA[messense]]></FromUserNam"
        b"e>\n<CreateTime>1411525903</CreateTime>\n<MsgType><![CDA"
        b"TA[text]]></MsgType>\n<Content><![CDATA[test]]></Conten"
        b"t>\n<MsgId>4363689963896700987</MsgId>\n<AgentID>1</AgentID>\n</xml>"
    ),
)  # fmt: skip
VECTORS["V5c"] = Vector(
    "V5c", "123456", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a",
    "1411525903", "461056294", "407518b7649e86ef23978113f92d27afa9296533",
    (
        "9s4gMv99m88kKTh/H8IdkOiMg6bisoy3ypwy9H4hvSPe9nsGaqyw5hhSjdYbcrKk+j3nba4HMOTzHrluLBYqxgNcBqGsL8GqxlhZgURnAtOb"
        "vesEl5nZ+uBE8bviY0LWke8Zy9V/QYKxNV2FqllNXcfmstttyIkMKCCmVbCFM2JTF5wY0nFhHZSjPUL2Q1qvSUCUld+/WIXrx0oyKQmpB6o8"
        "NRrrNrsDf03oxI1p9FxUgMnwKKZeOA/uu+2IEvEBtb7muXsVbwbgX05UPPJvFurDXafG0RQyPR+mf1nDnAtQmmNOuiR5MIkdQ39xn1vWwi1O"
        "5oazPoQJz0nTYjxxEE8kv3kFxtAGVRe3ypD3WeK2XeFYFMNMpatF9XiKzHo3"
    ),
    (
        b"<xml>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><!["
        b"CDATA[test]]></Content>\n<FromUserName><![CDATA[wx49f0a"
        b"b532d5d035a]]></FromUserName>\n<ToUserName><![CDATA[mes"
        b"sense]]></ToUserName>\n<AgentID>1</AgentID>\n<CreateTime"
        b">1411525903</CreateTime>\n</xml>"
    ),
)  # fmt: skip
VECTORS["V6a"] = Vector(
    "V6a", "1372623149", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7",
    "1629824456", "bqe3yfbqfc7", "6a27598fb5b01ee02684379a339fef6de65c83c2",
    "22vyvcBQ1xafTSJuhMGQuFyOAh00m2enIATgo4R6SGHY/YhofNmfwCksP3OP0Gxnq+cqnJcuvUQtjSbEu60IUA==",
    b"ECHO",
)  # fmt: skip
VECTORS["V6b"] = Vector(
    "V6b", "1372623149", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7",
    "1629822102", "oduw1lq7iwp", "e225d26d3bb4d06b4656f6b674e2143d4d35e81e",
    "teMozE0aNgDd2iKay6VOldGRKQXJbHsFqFc10Y4dYBE/Mu+34X0Vd+KP6GoxWXGqYOC9bg4eSNw7d3d6awhm+A==",
    b"ECHO",
)  # fmt: skip
VECTORS["V6c"] = Vector(
    "V6c", "1372623149", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7",
    "1629824247", "s8a61euba6m", "c2273fb8ef29b1427a88b76b56036b76128c46d0",
    "fSW+704DFd+eE1SrOhMQ1kiV+t/5V7+cs8QIt6qD9xR44PgSlym1NtMvQYw5S+RKhQxdy3RNheLNHJuU+HGjHQ==",
    b"ECHO",
)  # fmt: skip
VECTORS["S1"] = Vector(
    "S1", "HrBotToken2026", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ", "ww0000000000000001",
    "1790000000", "n0nce001", "e7b49363ee69b9a8603e51b67b9fa09231f6d2ac",
    (
        "B4PcXgtThYsrOQnzxvXRULO4JjuLvFtN2H0kwo1LngtDvFJoiO3iCPk9Al92PBf4bzqpL1giMGsMoCZ5cjnOY2ip8hZSMC2swL5VIrD+tPCv"
        "92pm/RhU3MIk1qeMJlyxdOWJpKHccr0CHwtHQD16OjtZOVczYAu+UeSv1faagkf4LfVnQx/lr+cNo/IDYLsjvv2NoU2UzOsHJCMxjKpiU6Ed"
        "CgLpfbV5GsKOnTx3tBwaSwktbwvMKLTC3LBTH5tp+Q1Hfp13sTN2BOABw1LxMCYqmiXKJG2+20m7rwly5nQl8LFa+cJPo48Orub72+u/Cgck"
        "CnZVqYAfjqaHJGclxX4KCQUyfWHC1SBWQAyN68bt0tCbpM7G/Lpnvsh23x4WcSLvdM5k7l3FDJfKZL7hyfuoGBZZNKQIrMFctv6FpA+77H4H"
        "cP7cajASrqD+fwQ7qWO7IlG08MnXeWRL9fthCJISXJWwemnQg4ywdNy4GMyEceXjGkhg/OSUFd/yS20vsymjkSyS9TsNnN6Ci9+NGyjqSJW5"
        "r2S/a/avcIIuNjE+b6LD8/PAeyB5uhFLqZUHG5Om9iXWROYw9euLciEVUqclx95E/AE1Mwf8rgxZKy8Veu+GWhtPV6lGbed2f1e25SsktvE1"
        "cKLLd1a/08J2Nhzu/yNNiRk+BfHInaE35Aluph0j2Dpnlf3fB0I/XteHBryV1WjGhb3vzZLIk6Kwl+LSPvTbxLFv2anMA2hSTbopQDbXirNe"
        "EafSumq8pMTCuKFOZArjQMe93tr0/G0bpeMdYyl2x7l8z19H1PtUMzaMCYyyBQh+fqEQbGO7EJWLbVZ4PDcnIKfcTdFBzTzmB/o/FY5+VYkB"
        "l4+/tGyJqwTmyN7MkhLNagr/d1KTGSW8"
    ),
    (
        b"<xml><ToUserName><![CDATA[ww0000000000000001]]></ToUserName>"
        b"<FromUserName><![CDATA[zhangsan]]></FromUserName><CreateTime"
        b">1790000000</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        b"<Event><![CDATA[template_card_event]]></Event><EventKey><![C"
        b"DATA[confirm]]></EventKey><TaskId><![CDATA[perf-2026Q3@zhang"
        b"san]]></TaskId><CardType><![CDATA[button_interaction]]></Car"
        b"dType><ResponseCode><![CDATA[RC-\xe7\xa1\xae\xe8\xae\xa4-1]]></ResponseCode><A"
        b"gentID>1000002</AgentID><SelectedItems><SelectedItem><Questi"
        b"onKey><![CDATA[grade]]></QuestionKey><OptionIds><OptionId><!"
        b"[CDATA[A]]></OptionId></OptionIds></SelectedItem></SelectedI"
        b"tems></xml>"
    ),
)  # fmt: skip
VECTORS["S2"] = Vector(
    "S2", "HrBotToken2026", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ", "",
    "1790000001", "n0nce002", "e19193ddd870307652281a1346e35f8efa31243c",
    (
        "B4PcXgtThYsrOQnzxvXRUEAkUZdFdgvxokXFsSp2FFRfEaK6cc9kH8/IFSTRNxIZQIngv0ULV2KJAkur2285nQlVqP3gQdnOKULuQB7LnLXK"
        "v2LtiBPqeS8meOZS+pQQFPp2lWq0179eTUR6X8B95dUh3qUc1btouFsB8068i1ZBH8SfHGj2lRRWQp+ozl+LfbLdrpNSEoyI7iXvnIWpGg=="
    ),
    (
        b'{"msgid":"m1","aibotid":"b1","chattype":"single","from":{"us'
        b'erid":"zhangsan"},"msgtype":"text","text":{"content":"\xe5\xb9\xb4\xe5\x81\x87'
        b'\xe8\xbf\x98\xe6\x9c\x89\xe5\x87\xa0\xe5\xa4\xa9\xef\xbc\x9f"}}'
    ),
)  # fmt: skip
VECTORS["S3"] = Vector(
    "S3", "HrBotToken2026", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ", "ww0000000000000001",
    "1790000002", "n0nce003", "16505f73c4e3f3a3ca35ea5cb9508bb03a4902c1",
    (
        "B4PcXgtThYsrOQnzxvXRUHRT4nU1WBp345zpFjBf/ZKXlZEWwBeA2qHpt9YZUljZVbtl21G36vvgogcwnIrUAzrDA0wgus9TM5bwXBoBax6D"
        "FVbXTiQwcfahTUxJVkH1q3Bkr72UjN2RTVf1pO0vDg7zLFDr02qClMIqB7QzWuQ="
    ),
    b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
)  # fmt: skip
