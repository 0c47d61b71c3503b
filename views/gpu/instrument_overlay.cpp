// SPDX-License-Identifier: MIT
#include "views/gpu/instrument_overlay.h"

#include <backends/imgui_impl_vulkan.h>
#include <imgui.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "core/base/log.h"

namespace orrery::gpu {

namespace {

// Tabular digits matter here, so a monospaced family first.
constexpr const char* kFonts[] = {"/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf",
                                  "/usr/share/fonts/TTF/JetBrainsMono-Regular.ttf",
                                  "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
                                  "/usr/share/fonts/TTF/DejaVuSansMono.ttf"};

void addFont(double ratio) {
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  static constexpr ImWchar kRanges[] = {0x0020, 0x00ff, 0x0370, 0x03ff, 0x2190, 0x21ff, 0x2420, 0x2426, 0};
  for (const char* path : kFonts) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored)) continue;
    if (atlas.AddFontFromFileTTF(path, static_cast<float>(std::round(13 * ratio)), nullptr, kRanges)) return;
  }
  ImFontConfig config;
  config.SizePixels = static_cast<float>(std::round(13 * ratio));
  atlas.AddFontDefault(&config);
}

ImVec4 vec(scene::Color c, float alpha = 1) {
  return {static_cast<float>(c.r) / 255, static_cast<float>(c.g) / 255, static_cast<float>(c.b) / 255, alpha};
}

void applyTheme(scene::ThemeKind kind, float ratio) {
  const scene::Theme& theme = scene::theme(kind);
  ImGuiStyle style;
  if (kind == scene::ThemeKind::Dark)
    ImGui::StyleColorsDark(&style);
  else
    ImGui::StyleColorsLight(&style);
  style.WindowRounding = style.FrameRounding = style.GrabRounding = 4;
  style.WindowBorderSize = style.FrameBorderSize = 0;
  style.WindowPadding = {12, 8};
  style.FramePadding = {8, 4};
  style.ItemSpacing = {8, 4};
  style.Colors[ImGuiCol_WindowBg] = vec(theme.raised, 0.94f);
  style.Colors[ImGuiCol_Text] = vec(theme.text);
  style.Colors[ImGuiCol_TextDisabled] = vec(theme.secondary);
  style.Colors[ImGuiCol_FrameBg] = vec(theme.panel);
  style.Colors[ImGuiCol_FrameBgHovered] = style.Colors[ImGuiCol_FrameBgActive] = vec(theme.hairline);
  style.Colors[ImGuiCol_SliderGrab] = style.Colors[ImGuiCol_SliderGrabActive] = vec(theme.info);
  style.Colors[ImGuiCol_CheckMark] = vec(theme.info);
  style.Colors[ImGuiCol_Button] = vec(theme.panel);
  style.Colors[ImGuiCol_ButtonHovered] = style.Colors[ImGuiCol_ButtonActive] = vec(theme.hairline);
  style.ScaleAllSizes(ratio);
  ImGui::GetStyle() = style;
}

void onResult(VkResult result) {
  if (result < 0) throw VulkanFailure{result, "Dear ImGui: " + resultName(result)};
}

// ImGui asks for the state of the device behind every call; nothing here outlives a call.
class Current {
public:
  explicit Current(ImGuiContext* context) { ImGui::SetCurrentContext(context); }
  ~Current() { ImGui::SetCurrentContext(nullptr); }
};

} // namespace

InstrumentOverlay::InstrumentOverlay(const VulkanDevice& device, VkRenderPass renderPass, std::uint32_t images,
                                     VkCommandPool pool, double pixelRatio)
    : m_device(device), m_ratio(pixelRatio) {
  createPool();
  m_context = ImGui::CreateContext();
  const Current current(m_context);
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = io.LogFilename = nullptr;
  addFont(pixelRatio);
  ImGui_ImplVulkan_InitInfo info{};
  info.Instance = device.instance();
  info.PhysicalDevice = device.physical();
  info.Device = device.device();
  info.QueueFamily = device.queueFamily();
  info.Queue = device.queue();
  info.DescriptorPool = m_pool;
  info.MinImageCount = 2;
  info.ImageCount = std::max(images, 2u);
  info.MSAASamples = VK_SAMPLE_COUNT_1_BIT;
  info.CheckVkResultFn = onResult;
  ImGui_ImplVulkan_Init(&info, renderPass);
  uploadFonts(pool);
}

InstrumentOverlay::~InstrumentOverlay() {
  {
    const Current current(m_context);
    ImGui_ImplVulkan_Shutdown();
    ImGui::DestroyContext(m_context);
  }
  vkDestroyDescriptorPool(m_device.device(), m_pool, nullptr);
}

void InstrumentOverlay::createPool() {
  const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 4};
  VkDescriptorPoolCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  info.flags = VK_DESCRIPTOR_POOL_CREATE_FREE_DESCRIPTOR_SET_BIT;
  info.maxSets = 4;
  info.poolSizeCount = 1;
  info.pPoolSizes = &size;
  must(vkCreateDescriptorPool(m_device.device(), &info, nullptr, &m_pool), "vkCreateDescriptorPool");
}

void InstrumentOverlay::uploadFonts(VkCommandPool pool) {
  VkCommandBufferAllocateInfo allocate{};
  allocate.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  allocate.commandPool = pool;
  allocate.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  allocate.commandBufferCount = 1;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  must(vkAllocateCommandBuffers(m_device.device(), &allocate, &commands), "vkAllocateCommandBuffers");
  VkCommandBufferBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  must(vkBeginCommandBuffer(commands, &begin), "vkBeginCommandBuffer");
  ImGui_ImplVulkan_CreateFontsTexture(commands);
  must(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
  VkSubmitInfo submit{};
  submit.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  submit.commandBufferCount = 1;
  submit.pCommandBuffers = &commands;
  must(vkQueueSubmit(m_device.queue(), 1, &submit, VK_NULL_HANDLE), "vkQueueSubmit");
  must(vkQueueWaitIdle(m_device.queue()), "vkQueueWaitIdle");
  ImGui_ImplVulkan_DestroyFontUploadObjects();
  vkFreeCommandBuffers(m_device.device(), pool, 1, &commands);
}

void InstrumentOverlay::apply(const PointerEvent& event) {
  ImGuiIO& io = ImGui::GetIO();
  const auto ratio = static_cast<float>(m_ratio);
  io.MousePos = {static_cast<float>(event.x) * ratio, static_cast<float>(event.y) * ratio};
  if (event.kind == PointerEvent::Kind::Leave) io.MousePos = {-1e6f, -1e6f};
  if (event.kind == PointerEvent::Kind::Press) io.MouseDown[event.button] = true;
  if (event.kind == PointerEvent::Kind::Release) io.MouseDown[event.button] = false;
  if (event.kind == PointerEvent::Kind::Wheel) io.MouseWheel += static_cast<float>(event.wheel);
}

// One ImGui frame per event: a press and a release that came together would cancel each other out.
void InstrumentOverlay::update(const Frame& frame, const std::vector<PointerEvent>& events, const RenderStats& stats,
                               Feedback& feedback) {
  m_visible = frame.instrument.showRange || frame.instrument.showMeter;
  if (!m_visible) {
    m_held = false;
    return;
  }
  const Current current(m_context);
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize = {static_cast<float>(frame.width), static_cast<float>(frame.height)};
  const auto now = std::chrono::steady_clock::now();
  const float elapsed = std::chrono::duration<float>(now - m_lastUpdate).count();
  m_lastUpdate = now;
  applyTheme(frame.instrument.theme, static_cast<float>(m_ratio));
  for (std::size_t i = 0; i <= events.size(); ++i) {
    io.DeltaTime = i == 0 ? std::clamp(elapsed, 1e-4f, 1.0f) : 1e-4f; // several events came in that time
    if (i < events.size()) apply(events[i]);
    if (i == events.size() && !events.empty()) break;
    feedback.busy.clear();
    ImGui_ImplVulkan_NewFrame();
    ImGui::NewFrame();
    windows(frame, stats, feedback);
    ImGui::Render();
  }
}

namespace {

void placeWindow(const Instrument& instrument, float ratio, bool top) {
  const scene::Rect& c = instrument.canvas;
  const auto x = static_cast<float>(c.x + c.w - 12) * ratio;
  const auto y = static_cast<float>(top ? c.y + 12 : c.y + c.h - 12) * ratio;
  ImGui::SetNextWindowPos({x, y}, ImGuiCond_Always, {1, top ? 0.0f : 1.0f});
}

void rememberWindow(Feedback& feedback, double ratio) {
  const ImVec2 at = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
  feedback.busy.push_back({at.x / ratio, at.y / ratio, size.x / ratio, size.y / ratio});
}

constexpr ImGuiWindowFlags kQuiet = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                                    ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoSavedSettings |
                                    ImGuiWindowFlags_NoNav | ImGuiWindowFlags_NoFocusOnAppearing;

} // namespace

void InstrumentOverlay::windows(const Frame& frame, const RenderStats& stats, Feedback& feedback) {
  if (frame.instrument.showRange && frame.instrument.range.hasRange) rangeWindow(frame.instrument, feedback);
  if (frame.instrument.showMeter) meterWindow(frame.instrument, stats, feedback);
}

void InstrumentOverlay::rangeWindow(const Instrument& instrument, Feedback& feedback) {
  // While a slider is held its value is ours: what the window says lags behind by a frame or more.
  if (!m_held) m_range = instrument.range;
  RangeState& range = m_range;
  placeWindow(instrument, static_cast<float>(m_ratio), false);
  ImGui::Begin("range", nullptr, kQuiet);
  ImGui::TextDisabled("range%s%s", instrument.unit.empty() ? "" : "  ", instrument.unit.c_str());
  ImGui::PushItemWidth(static_cast<float>(200 * m_ratio));
  const double span = std::max({std::abs(range.low), std::abs(range.high), range.high - range.low, 1e-30});
  const auto speed = static_cast<float>(span / 200);
  const double smallest = -1e30, largest = 1e30;
  bool changed = false;
  // Numbers are typed in the settings panel: the keyboard is the desk's.
  const auto slider = [&](const char* name, double& value) {
    changed |= ImGui::DragScalar(name, ImGuiDataType_Double, &value, speed, &smallest, &largest, "%.4g",
                                 ImGuiSliderFlags_NoInput);
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0)) changed = range.reset = true;
  };
  slider("high", range.high);
  slider("low", range.low);
  ImGui::PopItemWidth();
  if (range.hasLog) {
    changed |= ImGui::Checkbox("log", &range.log);
    ImGui::SameLine();
  }
  if (range.hasLock) {
    changed |= ImGui::Checkbox("lock", &range.lock);
    ImGui::SameLine();
  }
  if (ImGui::Button("reset")) changed = range.reset = true;
  if (changed && (range.reset || (std::isfinite(range.low) && std::isfinite(range.high) && range.low < range.high)))
    feedback.edited = range;
  m_held = ImGui::IsAnyItemActive() && !range.reset;
  rememberWindow(feedback, m_ratio);
  ImGui::End();
}

void InstrumentOverlay::meterWindow(const Instrument& instrument, const RenderStats& stats, Feedback& feedback) {
  placeWindow(instrument, static_cast<float>(m_ratio), true);
  ImGui::Begin("meter", nullptr, kQuiet | ImGuiWindowFlags_NoInputs);
  const FrameMeter::Stats& m = instrument.meter;
  ImGui::Text("GUI   p50 %5.2f  p99 %5.2f  max %5.2f ms", m.p50, m.p99, m.max);
  ImGui::Text("frame %5.2f ms  %3.0f fps", stats.milliseconds, m.framesPerSecond);
  ImGui::Text("textures %llu  %.1f MB", static_cast<unsigned long long>(stats.textures),
              static_cast<double>(stats.textureBytes) / 1048576);
  static_cast<void>(feedback); // takes no input: the pointer goes through
  ImGui::End();
}

void InstrumentOverlay::draw(VkCommandBuffer commands) {
  if (!m_visible) return;
  const Current current(m_context);
  if (ImDrawData* data = ImGui::GetDrawData(); data && data->TotalVtxCount > 0)
    ImGui_ImplVulkan_RenderDrawData(data, commands);
}

} // namespace orrery::gpu
