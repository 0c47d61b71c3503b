// SPDX-License-Identifier: MIT
#include "core/train/checkpoint_writer.h"

#include <ATen/ATen.h>
#include <filesystem>
#include <utility>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/models/torch_bridge.h"
#include "core/models/torch_decoder.h"
#include "core/tensorio/safetensors_writer.h"
#include "core/train/bpe_trainer.h"

namespace orrery::train {

namespace fs = std::filesystem;

namespace {

const char* torchName(DType dtype) {
  return dtype == DType::F16 ? "float16" : dtype == DType::BF16 ? "bfloat16" : "float32";
}

std::string configText(const models::ModelConfig& config, DType stored) {
  Json json = Json::parse(models::configJson(config));
  json["torch_dtype"] = torchName(stored);
  json["bos_token_id"] = kBeginId;
  json["eos_token_id"] = kEndId;
  return json.dump(2) + "\n";
}

std::string generationText() { return Json{{"bos_token_id", kBeginId}, {"eos_token_id", kEndId}}.dump(2) + "\n"; }

std::string tokenizerConfigText(std::int64_t context) {
  return Json{{"tokenizer_class", "PreTrainedTokenizerFast"},
              {"bos_token", kBeginToken},
              {"eos_token", kEndToken},
              {"clean_up_tokenization_spaces", false},
              {"model_max_length", context}}
             .dump(2) +
         "\n";
}

Result<std::vector<tensorio::NamedTensor>> storedTensors(const models::Decoder& decoder, DType stored) {
  std::vector<tensorio::NamedTensor> tensors;
  for (const models::NamedTensor& weight : models::checkpointTensors(decoder)) {
    const at::Tensor value = weight.tensor.detach().to(at::kCPU).to(models::scalarType(stored)).contiguous();
    if (!value.isfinite().all().item<bool>())
      return badInput(weight.name + ": holds a number that " + torchName(stored) + " cannot store");
    tensors.push_back({weight.name, models::viewOf(value)});
  }
  return tensors;
}

Status writeWeights(const std::string& path, const models::Decoder& decoder, DType stored) {
  try {
    auto tensors = storedTensors(decoder, stored);
    if (!tensors) return tensors.error();
    return tensorio::writeSafetensors(path, *tensors, {{"format", "pt"}});
  } catch (const std::exception& problem) {
    return Error{Code::Internal, std::string("weights could not be converted: ") + problem.what(), {}, path};
  }
}

} // namespace

Status writeCheckpoint(const std::string& folder, const models::Decoder& decoder, DType stored,
                       const std::string& tokenizerJson) {
  const std::pair<const char*, std::string> texts[] = {
      {"config.json", configText(decoder.config(), stored)},
      {"generation_config.json", generationText()},
      {"tokenizer.json", tokenizerJson},
      {"tokenizer_config.json", tokenizerConfigText(decoder.config().context)}};
  for (const auto& [name, text] : texts)
    if (Status done = writeFileAtomically(folder + "/" + name, text); !done) return done;
  return writeWeights(folder + "/model.safetensors", decoder, stored);
}

Result<OutputFolder> OutputFolder::create(const std::string& path) {
  std::error_code error;
  const fs::path target = fs::absolute(fs::path(path)).lexically_normal();
  std::string plain = target.string();
  if (plain.size() > 1 && plain.back() == '/') plain.pop_back();
  if (fs::exists(plain, error) && !(fs::is_directory(plain, error) && fs::is_empty(plain, error)))
    return badInput("expected a new or empty folder to write to, found something there already", path);
  if (!fs::is_directory(fs::path(plain).parent_path(), error))
    return notFound("the folder above it does not exist", path);
  std::string temporary = temporaryName(plain);
  fs::remove_all(temporary, error);
  if (!fs::create_directory(temporary, error)) return ioError("cannot create a folder: " + error.message(), path);
  return OutputFolder(std::move(plain), std::move(temporary));
}

OutputFolder::OutputFolder(OutputFolder&& other) noexcept
    : m_path(std::move(other.m_path)), m_temporary(std::exchange(other.m_temporary, {})) {}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  if (!m_temporary.empty()) fs::remove_all(m_temporary, ignored);
}

Status OutputFolder::commit() {
  std::error_code error;
  fs::rename(m_temporary, m_path, error); // onto an empty folder this is allowed
  if (error) return ioError("cannot move the finished folder into place: " + error.message(), m_path);
  m_temporary.clear();
  return Done{};
}

} // namespace orrery::train
