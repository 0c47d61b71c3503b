// SPDX-License-Identifier: MIT
#include <csignal>
#include <random>
#include <sys/resource.h>

#include "core/store/store.h"
#include "core/trace/trace_reader.h"
#include "core/trace/trace_writer.h"
#include "tests/core/tensorio/scratch.h"
#include "traces.h"

namespace orrery::trace {
namespace {

using testkit::Scratch;

// Files of this process may not grow beyond `bytes`: the system's own way to say "disk full" (EFBIG).
class SmallFiles {
public:
  explicit SmallFiles(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &m_before);
    const rlimit small{bytes, m_before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() { ::setrlimit(RLIMIT_FSIZE, &m_before); }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

private:
  rlimit m_before{};
};

TEST(TraceRefusal, ADiskThatIsFullLeavesNoFileAndOneSentence) {
  const auto run = testkit::runOf<float>(200);
  for (const rlim_t bytes : {0, 100, 3000, 20000, 100000, 400000}) {
    Scratch scratch;
    Status status = Done{};
    {
      SmallFiles limit(bytes);
      status = writeTrace(*run, scratch / "t.h5");
    }
    ASSERT_FALSE(status.ok()) << bytes;
    EXPECT_NE(status.error().message().find("t.h5: cannot"), std::string::npos) << status.error().message();
    EXPECT_EQ(scratch.files(), 0U) << bytes;
    std::printf("%6lu bytes: %s\n", bytes, status.error().what.c_str());
  }
  Scratch scratch; // and the library is none the worse for it
  ASSERT_TRUE(writeTrace(*run, scratch / "t.h5").ok());
  EXPECT_TRUE(readTrace(scratch / "t.h5").ok());
}

TEST(TraceRefusal, AFullDiskStopsTheTraceAndNotTheRun) {
  Scratch scratch;
  store::Store store;
  SmallFiles limit(10000);
  store.attach(traceWriter(scratch / "t.h5"));
  store.show(testkit::runOf<float>(150));
  store.addToken(3, "x");
  store.flush();
  EXPECT_EQ(store.snapshot()->length(), 151);
  const Status status = store.finishSink().get();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(scratch.files(), 0U);
}

TEST(TraceRefusal, AFolderThatIsNotThere) {
  Scratch scratch;
  EXPECT_FALSE(writeTrace(*testkit::runOf<float>(3), scratch / "no/such/t.h5").ok());
  EXPECT_FALSE(readTrace(scratch / "t.h5").ok());
  EXPECT_FALSE(readTrace(scratch.path().string()).ok());
}

// Whatever bytes stand in the file: a snapshot or one sentence, never a crash.
TEST(TraceRefusal, TruncatedAndGarbledFiles) {
  Scratch scratch;
  ASSERT_TRUE(writeTrace(*testkit::runOf<float>(70), scratch / "t.h5").ok());
  const std::string whole = testkit::readText(scratch / "t.h5");
  for (std::size_t part = 0; part < 40; ++part) {
    testkit::writeText(scratch / "cut.h5", whole.substr(0, whole.size() * part / 40));
    const auto read = readTrace(scratch / "cut.h5");
    ASSERT_FALSE(read.ok());
    EXPECT_FALSE(read.error().what.empty());
  }
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    std::string bytes = whole;
    for (int k = 0; k < 20; ++k)
      bytes[random() % std::min<std::size_t>(bytes.size(), 60000)] = static_cast<char>(random());
    testkit::writeText(scratch / "noise.h5", bytes);
    const auto read = readTrace(scratch / "noise.h5", std::size_t{256} << 20);
    refused += !read.ok();
  }
  std::printf("%d of 200 garbled files refused\n", refused);
  EXPECT_GT(refused, 50);
  testkit::writeText(scratch / "text.h5", "this is no HDF5 file");
  EXPECT_FALSE(readTrace(scratch / "text.h5").ok());
}

TEST(TraceRefusal, TooLargeForWhatMayBeRead) {
  Scratch scratch;
  ASSERT_TRUE(writeTrace(*testkit::runOf<float>(70), scratch / "t.h5").ok());
  EXPECT_EQ(readTrace(scratch / "t.h5", 10000).error().code, Code::TooLarge);
}

} // namespace
} // namespace orrery::trace
