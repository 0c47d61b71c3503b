// SPDX-License-Identifier: MIT
// A run that is paced by the window ends with the model's end token, as one at full speed does.
#include <algorithm>

#include "tests/app/bundled_desk.h"

namespace orrery::app {
namespace {

class Paced : public BundledDesk {
protected:
  std::vector<std::int32_t> write(int pace) {
    const store::SnapshotPtr before = m_desk.link().snapshot();
    Prompt prompt;
    prompt.text = QStringLiteral("Say: lo mika");
    prompt.generate = 150;
    prompt.pace = pace;
    m_desk.run().setPrompt(prompt);
    m_desk.run().start();
    EXPECT_TRUE(QTest::qWaitFor(
        [&] {
          const bool other = m_desk.link().snapshot()->run != before->run && m_desk.link().length() > 30;
          return other && idle() && !m_desk.run().isRunning();
        },
        kWait));
    return m_desk.link().engine().snapshot()->tokens.toVector(); // the window's copy may be 33 ms behind
  }
};

TEST_F(Paced, EndsWithTheEndTokenToo) {
  ASSERT_EQ(m_desk.link().model()->endTokens, std::vector<std::int32_t>{1});
  const auto fast = write(0), slow = write(100);
  std::printf("%zu tokens at full speed, %zu paced, of 150 asked for and the prompt\n", fast.size(), slow.size());
  EXPECT_EQ(fast, slow);
  EXPECT_EQ(fast.back(), 1);
  EXPECT_LT(fast.size(), 150u);
}

} // namespace
} // namespace orrery::app
