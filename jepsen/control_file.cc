// SPDX-License-Identifier: Apache-2.0
#include "jepsen/control_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "base/assert.h"
#include "runtime/os/unique_fd.h"

namespace geode::jepsen {
namespace {

std::int64_t read_ns(clockid_t clock) {
    timespec time{};
    GEODE_ASSERT(::clock_gettime(clock, &time) == 0);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Result<ControlFile> ControlFile::create(const std::string& path) {
    const os::UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file || ::ftruncate(file.get(), sizeof(ControlPage)) != 0) {
        return make_error(ErrorCode::io_error, path + ": " + std::strerror(errno));
    }
    void* const memory =
        ::mmap(nullptr, sizeof(ControlPage), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) {
        return make_error(ErrorCode::io_error, path + ": " + std::strerror(errno));
    }
    auto* const page = new (memory) ControlPage{};
    page->rate_millionths = 1'000'000;
    page->disk_factor = 1;
    page->magic = ControlPage::magic_value;
    return Result<ControlFile>(ControlFile(page));
}

ControlFile::ControlFile(ControlFile&& other) noexcept
    : page_(std::exchange(other.page_, nullptr)),
      stepped_us_(other.stepped_us_),
      controls_(other.controls_) {}

ControlFile::~ControlFile() {
    if (page_ != nullptr) ::munmap(page_, sizeof(ControlPage));
}

void ControlFile::set(const NodeControls& controls) {
    const std::int64_t now_ns = read_ns(CLOCK_MONOTONIC);
    const std::int64_t wall_ns = read_ns(CLOCK_REALTIME);
    ClockSettings clock = read_clock(*page_);
    if (controls.rate_millionths != clock.rate_millionths) {
        clock = with_rate(clock, controls.rate_millionths, now_ns);
    }
    clock.wall_offset_ns = (controls.wall_offset_us + stepped_us_) * 1'000;
    if (!controls.wall_frozen) clock.wall_frozen_ns = 0;
    if (controls.wall_frozen && clock.wall_frozen_ns == 0) {
        clock.wall_frozen_ns = seen_wall(clock, wall_ns, now_ns);
    }
    write_clock(*page_, clock);
    page_->timer_late_mean_ns = controls.timer_late_mean_us * 1'000;
    page_->disk_factor = controls.disk_factor;
    page_->disk_stalled = controls.disk_stalled ? 1 : 0;
    controls_ = controls;
}

void ControlFile::step_wall(std::int64_t step_us) {
    stepped_us_ += step_us;
    set(controls_);
}

void ControlFile::die_after_disk_ops(std::int64_t operations) {
    page_->die_after_disk_ops = operations;
}

}  // namespace geode::jepsen
