// SPDX-License-Identifier: MIT
// A checkpoint that is replaced, cut short, written over or removed while it is being loaded: one sentence each.
#include <fstream>
#include <functional>

#include "tests/core/models/helpers.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery::models::test {
namespace {

namespace fs = std::filesystem;
const std::string kBundled = ORRERY_SOURCE_DIR "/assets/models/bundled/";

// Loads a copy of the bundled model; `change` is called with the path of its weights after the first piece was read.
Result<std::shared_ptr<Decoder>> loadWhile(const std::function<void(const std::string&)>& change) {
  const testkit::Scratch scratch;
  for (const char* name : {"config.json", "model.safetensors"}) fs::copy_file(kBundled + name, scratch / name);
  LoadOptions options;
  int calls = 0;
  options.progress = [&](double) {
    if (++calls == 1) change(scratch / "model.safetensors");
  };
  auto decoder = loadDecoder(scratch.path().string(), options);
  EXPECT_GT(calls, 0);
  return decoder;
}

void expectSentence(const char* what, const std::function<void(const std::string&)>& change) {
  const auto decoder = loadWhile(change);
  ASSERT_FALSE(decoder.ok()) << what << " was not noticed";
  const std::string text = decoder.error().message();
  std::printf("  %s: %s\n", what, text.c_str());
  EXPECT_NE(text.find("model.safetensors"), std::string::npos) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

TEST(Replaced, UntouchedLoads) {
  EXPECT_TRUE(loadWhile([](const std::string&) {}).ok());
}

TEST(Replaced, WhileLoading) {
  expectSentence("cut short", [](const std::string& path) { fs::resize_file(path, fs::file_size(path) / 2); });
  expectSentence("emptied", [](const std::string& path) { fs::resize_file(path, 0); });
  expectSentence("made longer", [](const std::string& path) { std::ofstream(path, std::ios::app) << "x"; });
  expectSentence("removed", [](const std::string& path) { fs::remove(path); });
  expectSentence("renamed over", [](const std::string& path) {
    fs::copy_file(path, path + ".new");
    fs::rename(path + ".new", path);
  });
  expectSentence("written over in place", [](const std::string& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-64, std::ios::end);
    file << std::string(64, '\x7f');
  });
  expectSentence("folder in its place", [](const std::string& path) {
    fs::remove(path);
    fs::create_directory(path);
  });
}

} // namespace
} // namespace orrery::models::test
