// SPDX-License-Identifier: MIT
// The reader of torch.save's files against what torch.load gave (data/make_torch.py), and files that must be refused.
#include "core/tensorio/torch_file.h"

#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>

#include "core/base/file.h"
#include "core/tensorio/tensor_file.h"
#include "core/tensorio/unpickle.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery::tensorio {
namespace {

const std::string kData = ORRERY_SOURCE_DIR "/tests/core/tensorio/data/torch/";
const std::string kOracles = ORRERY_SOURCE_DIR "/../shared/oracles/";

// Bytes, so that NaN and dtypes count too.
bool sameTensor(const TensorView& a, const TensorView& b) {
  return a.dtype == b.dtype && a.shape == b.shape && std::memcmp(a.data, b.data, a.bytes()) == 0;
}

// Every tensor of FILE that the truth has as "FILE/NAME", and no others.
std::size_t checkAgainst(const TensorFile& truth, const std::string& name) {
  auto file = openTensors(kData + name);
  EXPECT_TRUE(file) << (file ? "" : file.error().message());
  if (!file) return 0;
  std::size_t expected = 0;
  for (const TensorInfo& info : truth.tensors()) expected += info.name.starts_with(name + "/");
  EXPECT_EQ(file->tensors().size(), expected) << name;
  for (const TensorInfo& info : file->tensors()) {
    auto reference = truth.view(name + "/" + info.name);
    EXPECT_TRUE(reference) << name << " should not list " << info.name;
    auto found = file->load(info.name), mapped = file->view(info.name);
    if (!reference || !found || !mapped) return 0;
    EXPECT_TRUE(sameTensor(*found, *reference) && sameTensor(*mapped, *reference)) << name << ": " << info.name;
  }
  return expected;
}

std::string refusal(const std::string& path) {
  auto file = openTensors(path);
  return file ? "loaded" : file.error().what;
}

TEST(Torch, EveryTensorIsWhatTorchLoads) {
  auto truth = openTensors(kData + "truth.safetensors");
  ASSERT_TRUE(truth) << truth.error().message();
  std::size_t tensors = 0;
  for (const char* name : {"state_dict.pt", "dtypes.pt", "parameters.pt", "protocol3.pt", "protocol4.pt",
                           "protocol5.pt", "nanogpt.pt", "zip64.pt"})
    tensors += checkAgainst(*truth, name);
  EXPECT_EQ(tensors, truth->tensors().size());
  std::cout << tensors << " tensors equal bit for bit (tolerance 0)\n";
}

TEST(Torch, DescriptionIsWhatIsNoTensor) {
  auto bytes = readFile(kData + "nanogpt.pt", 1 << 20);
  ASSERT_TRUE(bytes);
  auto contents = readTorch(ByteSource(std::as_bytes(std::span(*bytes)), "memory"));
  ASSERT_TRUE(contents) << contents.error().message();
  const Json& found = contents->description;
  EXPECT_EQ(found.at("model_args"), Json::parse(R"({"n_layer": 1, "n_head": 2, "n_embd": 4, "block_size": 8,
                                                  "bias": false, "vocab_size": 5, "dropout": 0.0})"));
  EXPECT_EQ(found.at("config"), Json::parse(R"({"dataset": "shakespeare_char", "learning_rate": 6e-4, "wandb": null,
                                    "betas": [0.9, 0.95], "compile": true, "name": "grüße", "seed": -1337})"));
  EXPECT_EQ(found.at("iter_num"), 250);
  EXPECT_FALSE(found.contains("model"));
  EXPECT_FALSE(found.contains("best_val_loss")); // a tensor
}

TEST(Torch, NestedListsAndNumbersOfEveryProtocol) {
  for (const char* name : {"protocol3.pt", "protocol4.pt", "protocol5.pt"}) {
    auto bytes = readFile(kData + name, 1 << 20);
    ASSERT_TRUE(bytes);
    auto contents = readTorch(ByteSource(std::as_bytes(std::span(*bytes)), name));
    ASSERT_TRUE(contents) << contents.error().message();
    EXPECT_EQ(contents->description.at("lists"), Json::parse("[1, [2.5, null, true], [-1, 70000, -1099511627776]]"));
  }
}

TEST(Torch, RefusesInOneSentenceThatNamesTheThing) {
  const struct {
    const char* file;
    const char* sentence;
  } cases[] = {
      {"transposed.pt", "tensor \"w\" of shape [4, 6] has strides [1, 4]; only contiguous tensors are read"},
      {"old_format.pt", "a torch file from before torch 1.6"},
      {"script.pt", "a TorchScript archive"},
      {"compressed.pt", "is compressed; torch.save stores"},
      {"big_endian.pt", "byte order \"big\", expected \"little\""},
      {"no_pickle.pt", "a zip archive without data.pkl"},
      {"short_storage.pt", "tensor \"w\": its storage \"0\" should hold 6 elements, the archive has 20 bytes"},
      {"evil.pt", "the pickle asks for \"posix.system\""},
      {"evil_stack_global.pt", "the pickle asks for \"posix.system\""},
      {"evil_class.pt", "the pickle asks for \"_io.StringIO\""},
      {"no_dict.pt", "the file holds no dict of tensors"},
  };
  for (const auto& c : cases)
    EXPECT_NE(refusal(kData + c.file).find(c.sentence), std::string::npos)
        << c.file << "\n found    " << refusal(kData + c.file) << "\n expected " << c.sentence;
  EXPECT_FALSE(std::filesystem::exists("PWNED"));
}

TEST(Torch, EveryCutOfAFileIsRefusedWithoutACrash) {
  auto bytes = readFile(kData + "nanogpt.pt", 1 << 20);
  ASSERT_TRUE(bytes);
  int loaded = 0;
  for (std::size_t size = 0; size < bytes->size(); size += 7)
    loaded += readTorch(ByteSource(std::as_bytes(std::span(bytes->data(), size)), "cut")).ok();
  EXPECT_EQ(loaded, 0);
}

TEST(Torch, ZipWithADamagedByteNeverReachesOutside) {
  auto bytes = readFile(kData + "zip64.pt", 1 << 20);
  ASSERT_TRUE(bytes);
  for (std::size_t i = 0; i < bytes->size(); ++i) {
    std::string damaged = *bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x81);
    auto contents = readTorch(ByteSource(std::as_bytes(std::span(damaged)), "damaged"));
    if (!contents) continue;
    for (const TensorInfo& info : contents->tensors)
      ASSERT_TRUE(info.begin <= damaged.size() && info.bytes <= damaged.size() - info.begin) << i;
  }
}

std::string unpickled(const std::string& bytes) {
  auto pickle = unpickle(bytes, "p");
  if (!pickle) return pickle.error().what;
  auto json = toJson(*pickle, pickle->top());
  return json ? json->dump() : "no JSON";
}

TEST(Unpickle, SmallPickles) {
  using namespace std::string_literals;
  const struct {
    std::string bytes, result;
  } cases[] = {
      {"", "pickle, byte 0: ends early, expected 1 more bytes, found 0"},
      {"\x80\x02", "pickle, byte 2: ends early, expected 1 more bytes, found 0"},
      {"\x80\x02N.", "null"},
      {"\x80\x00N."s, "pickle protocol 0, expected 2 to 5"},
      {"\x80\x06N.", "pickle protocol 6, expected 2 to 5"},
      {".", "pickle, byte 1: takes more from the stack than is there"},
      {"(.", "pickle, byte 2: takes more from the stack than is there"},
      {"N(\x85.", "pickle, byte 3: takes more from the stack than is there"},
      {"t.", "pickle, byte 1: no mark"},
      {"}(Nu.", "pickle, byte 4: a key without value"},
      {"]N.", "null"},
      {"NNa.", "pickle, byte 3: adds items to what holds none"},
      {"h\x05.", "pickle, byte 2: asks for memo 5"},
      {"Nr\xff\xff\xff\xff.", "pickle memo place 4294967295"},
      {"J\xff\xff\xff\xff.", "-1"},
      {"\x8a\x02\x00\xff."s, "-256"},
      {"\x8a\x00."s, "0"},
      {"\x8a\x09"
       "123456789.",
       "pickle: an integer of 9 bytes, at most 8"},
      {"G\x3f\xf8\x00\x00\x00\x00\x00\x00."s, "1.5"},
      {"X\xff\xff\xff\x7fq.", "pickle, byte 5: ends early, expected 2147483647 more bytes, found 2"},
      {"\x8c\x02\xff\xfe.", "no JSON"},
      {"cos\nsystem\nX\x01\x00\x00\x00x\x85R."s,
       "the pickle asks for \"os.system\", which is not among the plain data that is read here; nothing of it was run"},
      {"ctorch\nFloatStorage\n)R.", "the pickle calls \"torch.FloatStorage\", which is not done here"},
      {"N)R.", "the pickle calls what is no function, which is not done here"},
      {"ccollections\nOrderedDict\n)R.", "{}"},
      {"ccollections\nOrderedDict\nN\x85R.", "pickle, byte 28: OrderedDict made from arguments"},
      {"I1\n.", "pickle opcode 0x49 at byte 0 is not read here"},
      {"\x81.", "pickle opcode 0x81 at byte 0 is not read here"},
      {"cos", "pickle, byte 1: ends early, expected 3 more bytes, found 2"},
  };
  for (const auto& c : cases) EXPECT_EQ(unpickled(c.bytes), c.result);
}

TEST(Unpickle, CyclesAndNestingEnd) {
  EXPECT_EQ(unpickled("]q\x01h\x01"
                      "a."),
            "no JSON");     // a list that holds itself
  std::string laughs = "]"; // each list holds the one before twice
  for (char i = 1; i < 60; ++i)
    laughs.append("q").append(1, i).append("(h").append(1, i).append("h").append(1, i).append("l");
  EXPECT_EQ(unpickled(laughs + "."), "no JSON");
  EXPECT_EQ(unpickled("}q\x01h\x01Ns."), "{}"); // a dict that is its own key
  std::string deep(200'000, ']');
  EXPECT_EQ(unpickled(deep + std::string(199'999, 'a') + "."), "no JSON");
}

TEST(Unpickle, TooManyValuesAreRefused) {
  EXPECT_EQ(unpickled(std::string(kMaxPickleNodes + 1, 'N')), "pickle of more than 2097152 values");
}

TEST(TorchOracles, NanoGptCheckpointsLoad) {
  if (!std::filesystem::exists(kOracles + "nanogpt"))
    GTEST_SKIP() << "runs where ../shared/oracles lies beside the project";
  auto bias = openTensors(kOracles + "nanogpt/bias/ckpt.pt");
  ASSERT_TRUE(bias) << bias.error().message();
  ASSERT_NE(bias->find("transformer.h.1.attn.c_attn.weight"), nullptr);
  EXPECT_EQ(bias->find("transformer.h.1.attn.c_attn.weight")->shape, (Shape{120, 40}));
  EXPECT_EQ(bias->find("lm_head.weight")->begin, bias->find("transformer.wte.weight")->begin); // tied: one storage
  auto compiled = openTensors(kOracles + "nanogpt/compiled_no_bias/ckpt.pt");
  ASSERT_TRUE(compiled) << compiled.error().message();
  EXPECT_NE(compiled->find("_orig_mod.transformer.ln_f.weight"), nullptr);
}

TEST(TorchOracles, HostileFilesAreRefused) {
  const std::filesystem::path folder = kOracles + "hostile/torch";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "runs where ../shared/oracles lies beside the project";
  int refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string sentence = refusal(entry.path().string());
    std::cout << entry.path().filename().string() << ": " << sentence << "\n";
    EXPECT_NE(sentence, "loaded") << entry.path();
    refused += sentence.size() > 10;
  }
  EXPECT_GE(refused, 8);
  EXPECT_FALSE(std::filesystem::exists("PWNED") || std::filesystem::exists(folder / "PWNED"));
}

} // namespace
} // namespace orrery::tensorio
