// SPDX-License-Identifier: MIT
// Files that must be refused, each in one sentence that names the thing.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/json.h"
#include "core/tokenize/tokenizer.h"

namespace orrery::tokenize {
namespace {

// A small tokenizer that loads; `change` is merged over it (RFC 7386).
std::string refusal(const std::string& change) {
  Json json = Json::parse(R"({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
    "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}})");
  json.merge_patch(Json::parse(change));
  const auto tokenizer = Tokenizer::fromJson(json.dump(), "t.json");
  return tokenizer ? "loaded" : tokenizer.error().message();
}

struct Case {
  const char* change;
  const char* sentence;
};

std::string added(const std::string& fields) {
  return R"({"added_tokens": [{"id": 3, "content": "X", "single_word": false, "lstrip": false, "rstrip": false,
    "normalized": false, "special": true)" +
         fields + "}]}";
}

TEST(HostileTokenizer, TheBaseLoads) { EXPECT_EQ(refusal("{}"), "loaded"); }

TEST(HostileTokenizer, RefusedInOneSentence) {
  const Case cases[] = {
      {R"({"model": {"merges": ["a b", "x y"]}})", "t.json: model BPE: merge 1: \"x\" is not in the vocabulary"},
      {R"({"model": {"merges": ["a b", ["a", "b"]]}})",
       "t.json: model BPE: merge 1: expected two pieces, found \"[\"a\",\"b\"]\""},
      {R"({"model": {"merges": ["a  b"]}})", "t.json: model BPE: merge 0: expected two pieces, found \"\"a  b\"\""},
      {R"({"model": {"merges": 5}})", "t.json: model BPE: merges: expected an array, found number"},
      {R"({"model": {"vocab": {"c": -1}}})",
       "t.json: model BPE: vocab: id of \"c\": expected 0 to 16064 (for 4 entries), found -1"},
      {R"({"model": {"vocab": {"c": 2147483646}}})",
       "t.json: model BPE: vocab: id of \"c\": expected 0 to 16064 (for 4 entries), found 2147483646"},
      {R"({"model": {"vocab": {"c": 18446744073709551615}}})",
       "t.json: model BPE: vocab: id of \"c\": expected 0 to 16064 (for 4 entries), found 18446744073709551615"},
      {R"({"model": {"vocab": {"c": 2}}})", "t.json: model BPE: vocab: id of \"c\": 2 already belongs to \"ab\""},
      {R"({"model": {"vocab": {"c": 1.5}}})",
       "t.json: model BPE: vocab: id of \"c\": expected an integer, found number"},
      {R"({"model": {"vocab": [1]}})", "t.json: model BPE: vocab: expected an object, found array"},
      {R"({"model": {"unk_token": "?"}})", "t.json: model BPE: unk_token \"?\" is not in the vocabulary"},
      {R"({"model": {"dropout": 0.1}})", "t.json: model BPE: dropout \"0.1\" is not supported, expected none or 0"},
      {R"({"model": {"speed": 9}})", "t.json: model BPE: unknown option \"speed\""},
      {R"({"model": {"type": "Unigram"}})", "t.json: model type \"Unigram\" is not supported, expected \"BPE\""},
      {R"({"model": {"type": "WordPiece"}})", "t.json: model type \"WordPiece\" is not supported, expected \"BPE\""},
      {R"({"model": null})", "t.json: model: expected an object, found null"},
      {R"({"normalizer": {"type": "Precompiled"}})", "t.json: normalizer \"Precompiled\" is not supported"},
      {R"({"normalizer": {"type": "NFC", "form": 1}})", "t.json: normalizer \"NFC\": unknown option \"form\""},
      {R"({"pre_tokenizer": {"type": "UnicodeScripts"}})", "t.json: pre-tokenizer \"UnicodeScripts\" is not supported"},
      {R"({"pre_tokenizer": {"type": "Digits"}})", "t.json: pre-tokenizer \"Digits\": individual_digits is missing"},
      {R"({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated"}})",
       "t.json: pre-tokenizer \"Split\": regular expression \"(\": missing closing parenthesis near byte 1"},
      {R"({"pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "Eaten"}})",
       "t.json: pre-tokenizer \"Split\": behavior: unknown value \"Eaten\""},
      {R"({"decoder": {"type": "WordPiece"}})", "t.json: decoder \"WordPiece\" is not supported"},
      {R"({"post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}],
         "pair": [], "special_tokens": {}}})",
       "t.json: post-processor \"TemplateProcessing\": single: \"<s>\" is not among special_tokens"},
      {R"({"truncation": {"max_length": 4}})", "t.json: truncation is not supported, expected null"},
      {R"({"extra": 1})", "t.json: tokenizer: unknown option \"extra\""},
      {R"({"version": "2.0"})", "t.json: version \"2.0\" is not supported, expected \"1.0\""},
      {R"({"added_tokens": [{"id": 3}]})", "t.json: added token 0: content is missing"}};
  for (const Case& test : cases) EXPECT_EQ(refusal(test.change), test.sentence);
}

TEST(HostileTokenizer, AddedTokensThatContradictTheVocabulary) {
  EXPECT_EQ(refusal(added("")), "loaded");
  EXPECT_EQ(refusal(added(R"(, "color": 1)")), "t.json: added token 0: unknown option \"color\"");
  Json json = Json::parse(added(""));
  json["added_tokens"][0]["id"] = 1;
  EXPECT_EQ(refusal(json.dump()), "t.json: added token 0: id 1 of \"X\" already belongs to \"b\"");
  json["added_tokens"][0]["content"] = "ab";
  EXPECT_EQ(refusal(json.dump()), "t.json: added token 0: \"ab\" has id 1, but 2 in the vocabulary");
  json["added_tokens"][0]["id"] = 16777215;
  json["added_tokens"][0]["content"] = "Y";
  EXPECT_EQ(refusal(json.dump()), "t.json: added token 0: id: expected at most 16064, found 16777215");
}

// Forty doublings of a text, and of a byte-level text, end at the growth limit instead of at the end of memory.
TEST(HostileTokenizer, ChainsThatDoubleTheTextAreBounded) {
  std::string normalizers, byteLevels;
  for (int i = 0; i < 40; ++i) {
    const std::string comma = i ? "," : "";
    normalizers += comma + R"({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"})";
    byteLevels += comma + R"({"type": "ByteLevel", "add_prefix_space": false, "use_regex": false})";
  }
  const std::string text = R"({"version": "1.0", "normalizer": {"type": "Sequence", "normalizers": [)" + normalizers +
                           R"(]}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [)" + byteLevels +
                           R"(]}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})";
  const auto tokenizer = Tokenizer::fromJson(text, "t.json");
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message();
  EXPECT_LT((*tokenizer)->encode("aaaa \xC3\xA9", false).size(), std::size_t{4} << 20);
}

TEST(HostileTokenizer, ReferenceFolders) {
  const std::filesystem::path folder = ORRERY_SOURCE_DIR "/../shared/oracles/hostile/folders";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "runs where ../shared/oracles/hostile lies beside the project";
  for (const char* name : {"tokenizer_merge_unknown", "tokenizer_not_json"}) {
    const auto tokenizer = Tokenizer::fromFile(folder / name / "tokenizer.json");
    ASSERT_FALSE(tokenizer.ok()) << name;
    std::cout << tokenizer.error().what << "\n";
    EXPECT_GT(tokenizer.error().what.size(), 10u);
  }
}

} // namespace
} // namespace orrery::tokenize
