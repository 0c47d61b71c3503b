// SPDX-License-Identifier: MIT
// Bounded reads and writes that appear whole or not at all, a full disk included.
#include "core/base/file.h"

#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "core/base/atomic_file.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery {
namespace {

using testkit::readText;
using testkit::Scratch;
using testkit::writeText;

class FileSizeLimit {
public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN); // so that write() fails with EFBIG
    getrlimit(RLIMIT_FSIZE, &m_before);
    const rlimit limit{bytes, m_before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &m_before); }

private:
  rlimit m_before{};
};

TEST(ReadFile, GivesTheBytesUpToTheBound) {
  Scratch scratch;
  const std::string bytes("a\0b\n", 4);
  writeText(scratch / "f", bytes);
  EXPECT_EQ(*readFile(scratch / "f", 4), bytes);
  auto large = readFile(scratch / "f", 3);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Code::TooLarge);
  EXPECT_EQ(large.error().what, "file has 4 bytes, at most 3 are read here");
  writeText(scratch / "empty", "");
  EXPECT_EQ(*readFile(scratch / "empty", 0), "");
}

TEST(ReadFile, RefusesWhatIsNoRegularFileWithoutWaiting) {
  Scratch scratch;
  EXPECT_EQ(readFile(scratch / "absent", 1).error().code, Code::NotFound);
  EXPECT_EQ(readFile(scratch.path().string(), 1).error().what, "not a regular file");
  ASSERT_EQ(::mkfifo((scratch / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(readFile(scratch / "pipe", 1).error().what, "not a regular file");
}

TEST(AtomicFile, AppearsOnlyAtCommit) {
  Scratch scratch;
  writeText(scratch / "f", "old");
  const std::string piece(50000, 'x');
  auto file = AtomicFile::create(scratch / "f");
  ASSERT_TRUE(file);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(file->write(piece));
  ASSERT_TRUE(file->write("end"));
  EXPECT_EQ(readText(scratch / "f"), "old");
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(readText(scratch / "f"), piece + piece + piece + piece + piece + "end");
  EXPECT_EQ(scratch.files(), 1u);
  EXPECT_FALSE(file->write("more"));
  EXPECT_FALSE(file->commit());
}

TEST(AtomicFile, DroppedOrMovedLeavesNothingBehind) {
  Scratch scratch;
  {
    auto file = AtomicFile::create(scratch / "f");
    ASSERT_TRUE(file);
    AtomicFile moved = *std::move(file);
    ASSERT_TRUE(moved.write("half"));
    EXPECT_EQ(scratch.files(), 1u);
  }
  EXPECT_EQ(scratch.files(), 0u);
  EXPECT_EQ(AtomicFile::create(scratch / "no/folder").error().code, Code::NotFound);
}

TEST(AtomicFile, FullDiskIsAnErrorThatStays) {
  Scratch scratch;
  writeText(scratch / "f", "old");
  const FileSizeLimit limit(70000);
  Status whole = writeFileAtomically(scratch / "f", std::string(100000, 'x'));
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code, Code::Io);
  EXPECT_EQ(whole.error().where, scratch / "f");
  auto file = AtomicFile::create(scratch / "f");
  ASSERT_TRUE(file);
  Status status = Done{};
  for (int i = 0; i < 200 && status; ++i) status = file->write(std::string(1000, 'y'));
  EXPECT_FALSE(file->write("z"));
  EXPECT_FALSE(file->commit());
  EXPECT_EQ(readText(scratch / "f"), "old");
}

TEST(AtomicFile, ALinkIsReplacedAndItsTargetLeftAlone) {
  Scratch scratch;
  writeText(scratch / "target", "old");
  ASSERT_EQ(::symlink("target", (scratch / "link").c_str()), 0);
  ASSERT_TRUE(writeFileAtomically(scratch / "link", "new"));
  EXPECT_EQ(readText(scratch / "link"), "new");
  EXPECT_EQ(readText(scratch / "target"), "old");
}

TEST(AtomicFile, FailedRenameRemovesTheTemporary) {
  Scratch scratch;
  std::filesystem::create_directory(scratch / "folder");
  Status status = writeFileAtomically(scratch / "folder", "text");
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().what.find("cannot rename into place"), std::string::npos);
  EXPECT_EQ(scratch.files(), 1u);
}

TEST(AtomicFile, TwoThreadsWritingOneNameLeaveOneWholeFile) {
  Scratch scratch;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i)
        EXPECT_TRUE(writeFileAtomically(scratch / "f", std::string(20000, static_cast<char>('a' + t))));
    });
  for (std::thread& thread : threads) thread.join();
  const std::string text = readText(scratch / "f");
  EXPECT_EQ(text, std::string(20000, text.at(0)));
  EXPECT_EQ(scratch.files(), 1u);
}

} // namespace
} // namespace orrery
