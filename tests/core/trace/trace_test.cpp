// SPDX-License-Identifier: MIT
#include "core/store/store.h"
#include "core/trace/text.h"
#include "core/trace/trace_reader.h"
#include "core/trace/trace_writer.h"
#include "tests/core/tensorio/scratch.h"
#include "traces.h"

namespace orrery::trace {
namespace {

using testkit::expectSame;
using testkit::Scratch;

template <class T> void roundTrip(std::int64_t tokens) {
  Scratch scratch;
  const auto written = testkit::runOf<T>(tokens);
  const Status status = writeTrace(*written, scratch / "t.h5");
  ASSERT_TRUE(status.ok()) << status.error().message();
  const auto read = readTrace(scratch / "t.h5");
  ASSERT_TRUE(read.ok()) << read.error().message();
  expectSame(*written, **read);
  EXPECT_EQ(scratch.files(), 1U);
}

TEST(Trace, RoundTripInFloat) {
  for (const std::int64_t tokens : {1, 7, 64, 150}) roundTrip<float>(tokens);
}
TEST(Trace, RoundTripInDouble) {
  for (const std::int64_t tokens : {1, 67}) roundTrip<double>(tokens);
}

TEST(Trace, ARunWithoutAnything) {
  Scratch scratch;
  store::Recorder recorder;
  ASSERT_TRUE(writeTrace(*recorder.publish(), scratch / "t.h5").ok());
  const auto read = readTrace(scratch / "t.h5");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ((*read)->length(), 0);
}

// Token by token, with cuts and a branch on the way, equals one write of the last state.
TEST(Trace, AppendedEqualsOneWrite) {
  Scratch scratch;
  store::Recorder recorder;
  const auto info = std::make_shared<const store::RunInfo>(testkit::runInfo());
  recorder.begin(1, info);
  const auto sink = traceWriter(scratch / "a.h5");
  const auto grow = [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t t = from; t < to; ++t) {
      testkit::record<float>(recorder, t, t + 1);
      const Status status = sink->write(*recorder.publish());
      ASSERT_TRUE(status.ok()) << status.error().message();
    }
  };
  grow(0, 140);
  recorder.truncate(71);
  ASSERT_TRUE(sink->write(*recorder.publish()).ok());
  grow(71, 130);
  const auto before = recorder.publish();
  recorder.branch(2, *before, 20);
  ASSERT_TRUE(sink->write(*recorder.publish()).ok());
  grow(20, 135);
  const auto last = recorder.publish();
  const Status status = sink->finish(*last);
  ASSERT_TRUE(status.ok()) << status.error().message();
  ASSERT_TRUE(writeTrace(*last, scratch / "b.h5").ok());
  const auto a = readTrace(scratch / "a.h5"), b = readTrace(scratch / "b.h5");
  ASSERT_TRUE(a.ok() && b.ok());
  expectSame(**a, **b);
  expectSame(*last, **a);
}

TEST(Trace, ThroughTheStore) {
  Scratch scratch;
  store::Store store;
  store.attach(traceWriter(scratch / "t.h5"));
  store.beginRun(testkit::runInfo(), {4, 5}, {"a", "b"});
  for (int t = 2; t < 100; ++t) {
    store.addToken(t, "x");
    store.commit();
  }
  store.cut(90);
  ASSERT_TRUE(store.finishSink().get().ok());
  const auto read = readTrace(scratch / "t.h5");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ((*read)->tokens.toVector(), store.snapshot()->tokens.toVector());
  EXPECT_EQ((*read)->promptTokens, 2);
}

// A run that was cancelled before anything was done, after pieces had been written.
TEST(Trace, CutToNothingOpens) {
  Scratch scratch;
  store::Recorder recorder;
  recorder.begin(1, std::make_shared<const store::RunInfo>(testkit::runInfo()));
  testkit::record<float>(recorder, 0, 130);
  const auto sink = traceWriter(scratch / "t.h5");
  ASSERT_TRUE(sink->write(*recorder.publish()).ok());
  recorder.truncate(0);
  const Status status = sink->finish(*recorder.publish());
  ASSERT_TRUE(status.ok()) << status.error().message();
  const auto read = readTrace(scratch / "t.h5");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ((*read)->length(), 0);
  EXPECT_TRUE((*read)->attention.empty() && (*read)->hooks.empty());
}

TEST(Trace, UnfinishedLeavesNothing) {
  Scratch scratch;
  {
    const auto sink = traceWriter(scratch / "t.h5");
    ASSERT_TRUE(sink->write(*testkit::runOf<float>(100)).ok());
    EXPECT_EQ(scratch.files(), 1U);
  }
  EXPECT_EQ(scratch.files(), 0U);
}

TEST(Trace, PrintableTextIsValidUtf8) {
  EXPECT_EQ(printableUtf8("caf\xC3\xA9 \xF0\x9F\x98\x80"), "caf\xC3\xA9 \xF0\x9F\x98\x80");
  EXPECT_EQ(printableUtf8("\xC3"), "\xEF\xBF\xBD");
  EXPECT_EQ(printableUtf8(std::string("a\0b", 3)), "a\xEF\xBF\xBD"
                                                   "b");
  EXPECT_EQ(printableUtf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"); // a surrogate
}

} // namespace
} // namespace orrery::trace
