// SPDX-License-Identifier: MIT
#include "views/gpu/vulkan_canvas.h"

#include <QCoreApplication>
#include <QPlatformSurfaceEvent>

#include "views/gpu/canvas_renderer.h"

namespace orrery::gpu {

// Shared with the render thread; outlives the window while a task holds it.
struct VulkanCanvas::Target {
  std::mutex mutex;
  // guarded by mutex; the newest. The lock is held for the exchange of pointers only: the GUI thread shall not wait
  // for a render thread that was interrupted in the middle of a copy.
  std::shared_ptr<const Frame> frame;
  std::vector<std::shared_ptr<const Frame>> dropped; // guarded by mutex; freed by the render thread
  bool fresh = false;                                // guarded by mutex; frame was not drawn yet
  bool queued = false;                               // guarded by mutex; a task is on its way
  bool failed = false;                               // guarded by mutex
  std::vector<PointerEvent> events;                  // guarded by mutex
  QObject* receiver = nullptr;                       // guarded by mutex; null once the window is gone
  std::function<void(const Feedback&)> feedback;     // GUI thread
  std::unique_ptr<CanvasRenderer> renderer;          // render thread

  void deliver(Feedback result);
  void fail(const VulkanFailure& failure);
  void start(const std::shared_ptr<VulkanDevice>& device, VkSurfaceKHR surface);
  bool drawOnce(GrabbedPixels* grab);
};

void VulkanCanvas::Target::deliver(Feedback result) {
  std::lock_guard lock(mutex);
  if (!receiver) return;
  QMetaObject::invokeMethod(
      receiver, [call = feedback, result = std::move(result)] { call(result); }, Qt::QueuedConnection);
}

void VulkanCanvas::Target::fail(const VulkanFailure& failure) {
  {
    std::lock_guard lock(mutex);
    failed = true;
  }
  Feedback last;
  last.failure = failure.result == VK_ERROR_DEVICE_LOST ? "the graphics device was lost (" + failure.what + ")"
                                                        : "drawing failed: " + failure.what;
  deliver(std::move(last));
}

void VulkanCanvas::Target::start(const std::shared_ptr<VulkanDevice>& device, VkSurfaceKHR surface) {
  try {
    renderer = std::make_unique<CanvasRenderer>(device, surface);
  } catch (const VulkanFailure& failure) {
    fail(failure);
  }
}

// False if nothing more is to be drawn now.
bool VulkanCanvas::Target::drawOnce(GrabbedPixels* grab) {
  std::shared_ptr<const Frame> next;
  std::vector<std::shared_ptr<const Frame>> old;
  std::vector<PointerEvent> input;
  {
    std::lock_guard lock(mutex);
    queued = false;
    old.swap(dropped);
    if (!renderer || failed || (!fresh && !grab) || !frame || frame->width == 0) return false;
    next = frame;
    fresh = false;
    input.swap(events);
  }
  try {
    Feedback result;
    const bool again = renderer->render(*next, input, result, grab);
    deliver(std::move(result));
    std::lock_guard lock(mutex);
    if (again && !fresh) {
      fresh = true;
      return true;
    }
  } catch (const VulkanFailure& failure) {
    fail(failure);
  }
  return false;
}

VulkanCanvas::VulkanCanvas(std::shared_ptr<GpuContext> context, std::function<bool(QEvent*)> input,
                           std::function<void(const Feedback&)> feedback, std::function<void()> exposed)
    : m_context(std::move(context)), m_target(std::make_shared<Target>()), m_input(std::move(input)),
      m_exposed(std::move(exposed)) {
  m_target->receiver = this;
  m_target->feedback = std::move(feedback);
  setSurfaceType(QSurface::VulkanSurface);
  setVulkanInstance(&m_context->qtInstance());
  // The keyboard stays with the widgets: shortcuts of the window go on working after a click.
  setFlag(Qt::WindowDoesNotAcceptFocus);
}

VulkanCanvas::~VulkanCanvas() {
  {
    std::lock_guard lock(m_target->mutex);
    m_target->receiver = nullptr;
  }
  releaseSurface();
  destroy();
}

bool VulkanCanvas::alive() const {
  std::lock_guard lock(m_target->mutex);
  return !m_target->failed;
}

void VulkanCanvas::ensureSurface() {
  if (m_surface != VK_NULL_HANDLE || !alive()) return;
  m_surface = QVulkanInstance::surfaceForWindow(this);
  if (m_surface == VK_NULL_HANDLE) {
    m_target->fail({VK_ERROR_SURFACE_LOST_KHR, "the window gave no Vulkan surface"});
    return;
  }
  m_context->post(
      [target = m_target, device = m_context->device(), surface = m_surface] { target->start(device, surface); });
}

// Qt destroys the surface right after this returns, so the swapchain has to be gone by then.
void VulkanCanvas::releaseSurface() {
  if (m_surface == VK_NULL_HANDLE) return;
  m_context->runAndWait([this] { m_target->renderer.reset(); });
  m_surface = VK_NULL_HANDLE;
}

namespace {

void post(GpuContext& context, const std::function<bool()>& drawOnce) {
  context.post([&context, drawOnce] {
    if (drawOnce()) post(context, drawOnce);
  });
}

} // namespace

void VulkanCanvas::draw(Frame frame) {
  auto next = std::make_shared<const Frame>(std::move(frame));
  {
    std::lock_guard lock(m_target->mutex);
    m_target->frame.swap(next);
    if (m_surface != VK_NULL_HANDLE && m_target->dropped.size() < 64) m_target->dropped.push_back(std::move(next));
    m_target->fresh = true;
    if (m_target->queued || m_surface == VK_NULL_HANDLE) return;
    m_target->queued = true;
  }
  post(*m_context, [target = m_target] { return target->drawOnce(nullptr); });
}

void VulkanCanvas::addEvent(const PointerEvent& event) {
  std::lock_guard lock(m_target->mutex);
  // Only the newest of moves in a row matters, and a window that draws nothing must not pile them up.
  auto& events = m_target->events;
  if (event.kind == PointerEvent::Kind::Move && !events.empty() && events.back().kind == event.kind)
    events.back() = event;
  else if (events.size() < 256)
    events.push_back(event);
}

QImage VulkanCanvas::grab() {
  GrabbedPixels pixels;
  m_context->runAndWait([&] {
    for (int frames = 0; frames < 256 && m_target->drawOnce(&pixels); ++frames) {
    }
  });
  if (pixels.width == 0) return {};
  const QImage image(reinterpret_cast<const uchar*>(pixels.rgba.data()), pixels.width, pixels.height,
                     QImage::Format_RGBX8888);
  return image.copy();
}

void VulkanCanvas::exposeEvent(QExposeEvent*) {
  if (!isExposed()) return;
  ensureSurface();
  m_exposed();
}

bool VulkanCanvas::event(QEvent* event) {
  if (event->type() == QEvent::PlatformSurface && static_cast<QPlatformSurfaceEvent*>(event)->surfaceEventType() ==
                                                      QPlatformSurfaceEvent::SurfaceAboutToBeDestroyed)
    releaseSurface();
  switch (event->type()) {
  case QEvent::MouseButtonPress:
  case QEvent::MouseButtonRelease:
  case QEvent::MouseButtonDblClick:
  case QEvent::MouseMove:
  case QEvent::Wheel:
  case QEvent::Enter:
  case QEvent::Leave:
  case QEvent::DragEnter:
  case QEvent::DragMove:
  case QEvent::DragLeave:
  case QEvent::Drop:
  case QEvent::KeyPress:
  case QEvent::KeyRelease:
  case QEvent::NativeGesture:
    if (m_input(event)) return true;
    break;
  default:
    break;
  }
  return QWindow::event(event);
}

} // namespace orrery::gpu
