"""What customers write: whether the words say that it is not solved (P10.6). Real sentences, of both kinds."""

import pytest

from models.ground.doubts import says_unsolved

pytestmark = pytest.mark.once

NOT_SOLVED = (
    "昨天修完今天又卡住了", "依旧报500错误", "刷新之后又白屏了", "根本没修", "It works on desktop but not on mobile",
    "the printer is still offline", "Didn't help", "still waiting, nothing changed", "No improvement at all",
    "还是不行。", "还没解决,请再看看", "没有解决", "未解决", "问题仍然存在", "仍然转圈", "依然打不开",
    "又出现了同样的报错。", "今天上午又断了两次", "没修好", "登录不了", "还是很慢", "页面还是打不开,点了没反应",
    "谢谢,但是导出还是报错", "打印机依旧不能用", "速度没有改善", "并没有恢复正常", "昨天好了,今天又不行了",
    "问题还在", "没用", "不管用", "重启以后照样闪退", "客户端连不上服务器", "报销单无法提交",
    "没有完全解决,手机端还是白屏还报错", "态度很好,可是还没好", "not fixed", "It is still not working.",
    "Still broken", "still the same error", "It doesn't work on my phone.", "Thanks, but the export still fails",
    "the problem is back", "I can't log in", "It came back after an hour", "isn't solved yet", "Same problem again",
    "It crashes again", "not resolved", "I still get an error",
)  # fmt: skip
SOLVED = (
    "速度比以前快多了", "不再卡顿，谢谢", "目前看没有再复发", "已可正常使用，之前的报错没了", "no complaints",
    "I was not able to log in yesterday, now it is fine", "今天完全好了", "昨天还不行今天就好了",
    "", "谢谢", "已经好了,谢谢!", "可以了", "没问题了", "没有问题", "现在不卡了", "没有再出现报错", "未再出现",
    "再也没出现过", "之前打不开,现在正常了", "以前又慢又卡,现在很快", "如果还是不行我再联系你们",
    "处理得很快,非常满意", "已恢复正常,辛苦了", "服务不错", "昨天还报错,今天好了", "一切正常", "报错没有了",
    "没有其他问题", "解决得很好", "不再报错", "希望以后更快一点", "能提交了,下次请提前通知",
    "问题已解决,没有任何异常", "Works fine, thank you", "No problem any more",
    "It was broken before, now it works.", "no more errors", "All good", "If it happens again I will call",
    "Great work, not bad at all", "It no longer crashes", "solved", "Fixed, thanks. Previously I could not log in.",
    "without any problems", "It has not happened again", "Please tell us earlier next time",
    "Everything works again",
)  # fmt: skip


@pytest.mark.parametrize("sentence", NOT_SOLVED)
def test_it_says_that_it_is_not_solved(sentence):
    assert says_unsolved(sentence)


@pytest.mark.parametrize("sentence", SOLVED)
def test_it_says_no_such_thing(sentence):
    assert not says_unsolved(sentence)


def test_there_are_enough_of_both():
    assert len(NOT_SOLVED) + len(SOLVED) >= 60
