// SPDX-License-Identifier: MIT
// Large parts of a trace are mapped, not read: the same numbers, however the rows came into the file.
#include <filesystem>
#include <fstream>

#include "core/store/hook_blocks.h"
#include "core/store/store.h"
#include "core/trace/trace_reader.h"
#include "core/trace/trace_writer.h"
#include "tests/core/tensorio/scratch.h"
#include "traces.h"

namespace orrery::trace {
namespace {

using testkit::Scratch;

constexpr std::int64_t kHeads = 3, kHeadDim = 40, kTokens = 3001, kModel = 96;

TensorView filled(Shape shape, int seed) {
  std::vector<float> values(static_cast<std::size_t>(*elementCount(shape)));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(std::sin(0.37 * static_cast<double>(i) + seed));
  return viewOf(std::move(values), std::move(shape));
}

// Positions [0, tokens) of a run of one layer; every prefix is that of the whole.
store::Snapshot runOf(std::int64_t tokens) {
  static const TensorView q = filled({kHeads, kTokens, kHeadDim}, 1), k = filled({kHeads, kTokens, kHeadDim}, 2),
                          lse = filled({kHeads, kTokens}, 3), resid = filled({1, kTokens, kModel}, 4);
  const auto first = [tokens](TensorView view) {
    view.shape[1] = tokens;
    return view;
  };
  store::Snapshot snapshot;
  snapshot.run = 1;
  store::RunInfo info;
  info.dims.layers = 1;
  info.dims.heads = info.dims.kvHeads = kHeads;
  info.dims.headDim = kHeadDim;
  info.dims.model = kModel;
  snapshot.info = std::make_shared<const store::RunInfo>(info);
  for (std::int64_t t = 0; t < tokens; ++t) {
    snapshot.tokens.push_back(static_cast<std::int32_t>(t % 7));
    snapshot.pieces.push_back("x");
  }
  hooks::AttentionRecord record;
  record.heads = record.kvHeads = kHeads;
  record.headDim = kHeadDim;
  record.tokens = tokens;
  record.q = first(q), record.k = first(k), record.lse = first(lse);
  snapshot.attention.push_back(record);
  const hooks::HookId id{hooks::HookKind::ResidPost, 0};
  store::HookChannel channel{hooks::hookSpec(id), {}};
  channel.blocks.push_back({0, tokens, first(resid)});
  snapshot.hooks.emplace(channel.spec.name, std::move(channel));
  return snapshot;
}

int mappingsOf(const std::string& file) {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);) count += line.find(file) != std::string::npos;
  return count;
}

void expectRun(const store::Snapshot& read, std::int64_t tokens) {
  const store::Snapshot expected = runOf(tokens);
  ASSERT_EQ(read.attention.size(), 1U);
  const auto &a = read.attention[0], &b = expected.attention[0];
  EXPECT_TRUE(testkit::sameBits(a.q, b.q) && testkit::sameBits(a.k, b.k) && testkit::sameBits(a.lse, b.lse));
  const std::string hook = expected.hooks.begin()->first;
  EXPECT_TRUE(testkit::sameBits(*gatherHook(read, hook), *gatherHook(expected, hook)));
}

TEST(MappedTrace, WrittenAtOnceOrGrownAndCutItReadsTheSame) {
  Scratch scratch;
  ASSERT_TRUE(writeTrace(runOf(kTokens), scratch / "once.h5").ok());
  const auto sink = traceWriter(scratch / "grown.h5");
  for (const std::int64_t tokens : {900, 1500, 1501, 2900, 1100, 2050}) ASSERT_TRUE(sink->write(runOf(tokens)).ok());
  ASSERT_TRUE(sink->finish(runOf(kTokens)).ok());
  const auto once = readTrace(scratch / "once.h5"), grown = readTrace(scratch / "grown.h5");
  ASSERT_TRUE(once.ok() && grown.ok());
  std::printf("mappings: %d written at once, %d grown\n", mappingsOf("once.h5"), mappingsOf("grown.h5"));
  EXPECT_GE(mappingsOf("once.h5"), 3) << "q, k and the residual stream were read, not mapped";
  std::filesystem::remove(scratch / "once.h5");
  std::filesystem::remove(scratch / "grown.h5");
  expectRun(**once, kTokens);
  expectRun(**grown, kTokens);
}

TEST(MappedTrace, NothingStaysMappedBehindTheSnapshot) {
  Scratch scratch;
  ASSERT_TRUE(writeTrace(runOf(kTokens), scratch / "t.h5").ok());
  ASSERT_TRUE(readTrace(scratch / "t.h5").ok());
  EXPECT_EQ(mappingsOf("t.h5"), 0);
}

TEST(MappedTrace, SmallOnesAreRead) {
  Scratch scratch;
  ASSERT_TRUE(writeTrace(runOf(100), scratch / "t.h5").ok());
  const auto read = readTrace(scratch / "t.h5");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(mappingsOf("t.h5"), 0);
  expectRun(**read, 100);
}

// What the sink has written is forgotten when the store is told so; the file has it all.
TEST(MappedTrace, HooksThatWereWrittenAreReleased) {
  Scratch scratch;
  const store::Snapshot whole = runOf(1000);
  const store::HookChannel& channel = whole.hooks.begin()->second;
  store::Store store;
  std::vector<std::int32_t> tokens(1000, 1);
  store.beginRun(*whole.info, tokens, std::vector<std::string>(1000, "x"));
  store.attach(traceWriter(scratch / "t.h5"), true);
  for (std::int64_t from = 0; from < 1000; from += 200) {
    const auto piece = store::sliceBlock(channel.spec, channel.blocks[0], from, from + 200);
    store.onTensor(channel.spec.id, from, piece.value);
    store.commit();
  }
  store.flush();
  store.commit();
  ASSERT_TRUE(store.finishSink().get().ok());
  const auto after = store.snapshot()->hooks.begin()->second;
  std::printf("of 1000 positions %lld were released, %zu pieces are kept\n", static_cast<long long>(after.released),
              after.blocks.size());
  EXPECT_GE(after.released, 600) << "all but the last two pieces";
  EXPECT_EQ(gatherHook(*store.snapshot(), channel.spec.name).error().code, Code::NotFound);
  const auto read = readTrace(scratch / "t.h5");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_TRUE(testkit::sameBits(*gatherHook(**read, channel.spec.name), *gatherHook(whole, channel.spec.name)));
}

} // namespace
} // namespace orrery::trace
