// SPDX-License-Identifier: MIT
// Journal and store: what a killed, stopped or starved sweep leaves, and that it goes on to the same file.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/random.h"
#include "core/sweep/journal.h"
#include "core/sweep/map_file.h"
#include "core/sweep/sweep_store.h"
#include "julia.h"

namespace orrery::sweep {
namespace {

const auto kAccept = [](const std::string&) { return Status(Done{}); };

std::vector<FinishedRun> someRuns(std::uint32_t from, std::size_t count) {
  std::vector<FinishedRun> runs(count);
  for (std::size_t i = 0; i < count; ++i) {
    runs[i].pixel = from + static_cast<std::uint32_t>(i);
    runs[i].digest.first = 0.5 + static_cast<double>(i);
    runs[i].digest.divergedStep = static_cast<std::int32_t>(i);
  }
  return runs;
}

std::size_t runsIn(const std::string& bytes) {
  std::size_t runs = 0;
  const auto contents = parseJournal(std::as_bytes(std::span(bytes)), "journal", [&](auto, auto record) {
    runs += record.size();
    return Status(Done{});
  });
  return contents ? runs : 0;
}

TEST(Journal, DigestsComeBackBitForBit) {
  Digest digest = someRuns(0, 5)[4].digest;
  digest.sohlDickstein.sumInverse = std::numeric_limits<double>::infinity();
  digest.torkamandi.varLast = -0.0;
  std::byte packed[kDigestBytes];
  packDigest(digest, packed);
  EXPECT_TRUE(sameDigest(digest, unpackDigest(packed)));
}

// Cut anywhere: every record before the cut is read, and a writer goes on behind it.
TEST(Journal, ACutLosesOnlyTheRecordItGoesThrough) {
  const Folder folder;
  const std::string path = folder.file("j"), cut = folder.file("cut");
  std::vector<std::size_t> ends;
  {
    auto journal = Journal::open(path, "head", false, kAccept, [](auto, auto) { return Status(Done{}); });
    ASSERT_TRUE(journal) << journal.error().message();
    ends.push_back(std::filesystem::file_size(path));
    for (std::uint32_t n = 1; n <= 4; ++n) {
      ASSERT_TRUE(journal->append(n % 2, someRuns(10 * n, n)));
      ends.push_back(std::filesystem::file_size(path));
    }
  }
  const std::string whole = bytesOf(path);
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    ASSERT_TRUE(writeFileAtomically(cut, whole.substr(0, length)));
    std::size_t runs = 0, expected = 0;
    for (std::size_t n = 1; n < ends.size() && ends[n] <= length; ++n) expected += n;
    auto journal = Journal::open(cut, "head", true, kAccept, [&](auto, auto record) {
      runs += record.size();
      return Status(Done{});
    });
    ASSERT_TRUE(journal) << journal.error().message();
    EXPECT_EQ(runs, expected) << "cut at " << length;
    ASSERT_TRUE(journal->append(0, someRuns(90, 3)));
    EXPECT_EQ(runsIn(bytesOf(cut)), expected + 3);
  }
}

TEST(Journal, ATurnedBitEndsIt) {
  const Folder folder;
  const std::string path = folder.file("j");
  {
    auto journal = Journal::open(path, "head", false, kAccept, [](auto, auto) { return Status(Done{}); });
    for (std::uint32_t n = 0; n < 3; ++n) ASSERT_TRUE(journal->append(0, someRuns(n, 2)));
  }
  const std::string whole = bytesOf(path);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
    EXPECT_LT(runsIn(bytes), 6u) << "byte " << at;
  }
}

TEST(Journal, OneWriterAtATime) {
  const Folder folder;
  const auto record = [](auto, auto) { return Status(Done{}); };
  auto first = Journal::open(folder.file("j"), "head", false, kAccept, record);
  ASSERT_TRUE(first);
  auto second = Journal::open(folder.file("j"), "head", true, kAccept, record);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().what.find("another sweep"), std::string::npos);
}

TEST(Journal, OtherFilesStayAsTheyAre) {
  const Folder folder;
  ASSERT_TRUE(writeFileAtomically(folder.file("j"), "somebody's notes"));
  for (const bool existing : {false, true})
    EXPECT_FALSE(Journal::open(folder.file("j"), "head", existing, kAccept, [](auto, auto) { return Status(Done{}); }));
  EXPECT_EQ(bytesOf(folder.file("j")), "somebody's notes");
}

SweepOptions fileOptions(const std::string& out, bool resume, double pause = 0) {
  SweepOptions options = juliaOptions(2, pause);
  options.out = out;
  options.resume = resume;
  options.rounding = true;
  options.nulls = {"quadratic", "labels"};
  return options;
}

std::string wholeFile(const Folder& folder, const SweepSpec& spec) {
  Sweep sweep(spec, fileOptions(folder.file("whole.h5"), false));
  const Status status = sweep.wait();
  EXPECT_TRUE(status) << status.error().message();
  EXPECT_FALSE(std::filesystem::exists(folder.file("whole.h5.journal")));
  return bytesOf(folder.file("whole.h5"));
}

// Distinct finished runs in map file and journal together.
std::size_t savedRuns(const std::string& out, const SweepSpec& spec) {
  auto store = SweepStore::open(out, spec, true, 0, 1);
  EXPECT_TRUE(store) << store.error().message();
  std::set<std::pair<std::size_t, std::uint32_t>> runs;
  const auto found = store ? (*store)->takeFound() : std::vector<std::vector<FinishedRun>>();
  for (std::size_t layer = 0; layer < found.size(); ++layer)
    for (const FinishedRun& run : found[layer]) runs.emplace(layer, run.pixel);
  return runs.size();
}

// A child that sweeps until it is killed; true: it was done before.
bool sweepAndKill(const SweepSpec& spec, const std::string& out, bool resume, unsigned microseconds) {
  const pid_t child = ::fork();
  if (child == 0) {
    Sweep sweep(spec, fileOptions(out, resume, 0.0005));
    ::_exit(sweep.wait() ? 0 : 1);
  }
  ::usleep(microseconds);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) != 0) << "the child failed by itself";
  return WIFEXITED(status);
}

// ORRERY_KILLS=200 for the long run.
TEST(Journal, KilledAtRandomMoments) {
  const char* wished = std::getenv("ORRERY_KILLS");
  const int kills = wished ? std::atoi(wished) : 15;
  const Folder folder;
  const SweepSpec spec = juliaSpec(64, false);
  const std::string whole = wholeFile(folder, spec), out = folder.file("killed.h5");
  Random random(1);
  int done = 0, maps = 0, equal = 0;
  while (done < kills) {
    std::filesystem::remove(out);
    std::size_t saved = 0;
    bool over = false;
    for (bool first = true; !over; first = false) {
      const bool begun = std::filesystem::exists(out + ".journal") || std::filesystem::exists(out);
      over = sweepAndKill(spec, out, !first && begun, 3000 + static_cast<unsigned>(random.below(150000)));
      if (over) break;
      ++done;
      if (!std::filesystem::exists(out + ".journal") && !std::filesystem::exists(out)) continue; // killed too early
      const std::size_t now = savedRuns(out, spec);
      EXPECT_GE(now, saved) << "finished runs were lost at kill " << done;
      saved = now;
    }
    ++maps;
    equal += bytesOf(out) == whole ? 1 : 0;
  }
  std::printf("%d kills while %d maps were made; %d of the final files equal that of an uninterrupted sweep\n", done,
              maps, equal);
  EXPECT_EQ(equal, maps);
}

TEST(Journal, StoppedAndResumedGivesTheSameFile) {
  const Folder folder;
  const SweepSpec spec = juliaSpec(48, false);
  const std::string whole = wholeFile(folder, spec), out = folder.file("stopped.h5");
  bool complete = false;
  int stops = 0;
  for (bool first = true; !complete; first = false, ++stops) {
    SweepOptions options = fileOptions(out, !first, 0.001);
    options.budgetSeconds = 0.02;
    Sweep sweep(spec, options);
    const Status status = sweep.wait();
    ASSERT_TRUE(status) << status.error().message();
    complete = sweep.snapshot()->map->complete;
    ASSERT_TRUE(readMap(out));
  }
  EXPECT_GT(stops, 1);
  EXPECT_EQ(bytesOf(out), whole);
}

// Resuming without naming the further layers again goes on with those that were begun.
TEST(Journal, ResumeGoesOnWithEveryLayerThatWasBegun) {
  const Folder folder;
  const SweepSpec spec = juliaSpec(24, false);
  const std::string whole = wholeFile(folder, spec), out = folder.file("m.h5");
  ASSERT_TRUE(writeFileAtomically(out, whole));
  SweepOptions options = juliaOptions();
  options.out = out;
  options.resume = true;
  Sweep sweep(spec, options);
  ASSERT_TRUE(sweep.wait());
  EXPECT_EQ(sweep.progress().trained, 0);
  EXPECT_EQ(bytesOf(out), whole);
}

std::string refusal(const SweepSpec& spec, const SweepOptions& options) {
  Sweep sweep(spec, options);
  const Status status = sweep.wait();
  return status ? std::string() : status.error().message();
}

TEST(Journal, WhatDoesNotBelongIsRefusedByName) {
  const Folder folder;
  const std::string out = folder.file("m.h5");
  const SweepSpec spec = juliaSpec(24, false);
  ASSERT_EQ(refusal(spec, fileOptions(out, false)), "");
  SweepSpec other = spec;
  other.steps = 77;
  const std::string otherSpec = refusal(other, fileOptions(out, true));
  EXPECT_NE(otherSpec.find("steps: 300, here 77"), std::string::npos) << otherSpec;
  EXPECT_FALSE(std::filesystem::exists(out + ".journal"));
  ASSERT_TRUE(sweepAndKill(juliaSpec(256, true), folder.file("k.h5"), false, 60000) == false);
  const std::string unfinished = refusal(juliaSpec(256, true), fileOptions(folder.file("k.h5"), false));
  EXPECT_NE(unfinished.find("--resume"), std::string::npos) << unfinished;
  const std::string elsewhere = refusal(spec, fileOptions(folder.file("k.h5"), true));
  EXPECT_NE(elsewhere.find("another sweep"), std::string::npos) << elsewhere;
  EXPECT_NE(refusal(spec, fileOptions(folder.file("no/such/m.h5"), false)), "");
}

// A file size limit stands for a full disk: one sentence, and nothing of what was finished is lost.
TEST(Journal, AFullDiskLosesNothing) {
  const Folder folder;
  const SweepSpec spec = juliaSpec(64, true);
  const std::string whole = wholeFile(folder, spec), out = folder.file("full.h5");
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100000, 100000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string sentence = refusal(spec, fileOptions(out, false));
    ::_exit(sentence.find("cannot write") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_FALSE(std::filesystem::exists(out));
  const std::size_t saved = savedRuns(out, spec);
  EXPECT_GT(saved, 700u) << "about 100000 bytes of runs of " << kDigestBytes + 4;
  ASSERT_EQ(refusal(spec, fileOptions(out, true)), "");
  EXPECT_EQ(bytesOf(out), whole);
}

} // namespace
} // namespace orrery::sweep
