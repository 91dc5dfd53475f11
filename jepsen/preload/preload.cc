// SPDX-License-Identifier: Apache-2.0

// libgeode_faults.so: preloaded into a geode-node, makes its clocks and disk as wrong as the
// control page says. The node's binary is the one that ships; it asks the C library for time,
// timers and files, and this library answers first.
//
// Without GEODE_FAULT_PAGE, or if the page cannot be mapped, every call goes straight through. With
// GEODE_DISK_JOURNAL every change of the disk is told to the file of that name (disk_journal.h).

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "jepsen/preload/control_page.h"
#include "jepsen/preload/disk_recorder.h"

namespace {

using namespace geode::jepsen;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t stall_poll_ns = 2'000'000;

/// The C library's own definition of a function that this library defines too.
template <class Function>
class Original {
public:
    explicit constexpr Original(const char* name) : name_(name) {}
    template <class... Arguments>
    auto operator()(Arguments... arguments) {
        Function* found = found_.load(std::memory_order_acquire);
        if (found == nullptr) {
            found = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name_));
            found_.store(found, std::memory_order_release);
        }
        return found(arguments...);
    }

private:
    const char* name_;
    std::atomic<Function*> found_{nullptr};
};

Original<int(clockid_t, timespec*)> real_clock_gettime("clock_gettime");
Original<int(int, int, const itimerspec*, itimerspec*)> real_timerfd_settime("timerfd_settime");
Original<ssize_t(int, void*, size_t, off_t)> real_pread("pread");
Original<ssize_t(int, const void*, size_t, off_t)> real_pwrite("pwrite");
Original<int(int)> real_fdatasync("fdatasync");
Original<int(int)> real_fsync("fsync");
Original<int(int, off_t)> real_ftruncate("ftruncate");
Original<int(int, const char*, int, const char*)> real_renameat("renameat");
Original<int(int, const char*, int)> real_unlinkat("unlinkat");
Original<int(int, const char*, int, mode_t)> real_openat("openat");
Original<int(int, const char*, mode_t)> real_mkdirat("mkdirat");

ControlPage* map_page() {
    const char* const path = ::getenv("GEODE_FAULT_PAGE");
    if (path == nullptr) return nullptr;
    const int file = ::open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return nullptr;
    void* const memory =
        ::mmap(nullptr, sizeof(ControlPage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (memory == MAP_FAILED) return nullptr;
    auto* const page = static_cast<ControlPage*>(memory);
    return page->magic.load() == ControlPage::magic_value ? page : nullptr;
}

/// Null: nothing is wrong, ever.
ControlPage* page() {
    static ControlPage* const mapped = map_page();
    return mapped;
}

std::int64_t to_ns(const timespec& time) {
    return time.tv_sec * second_ns + time.tv_nsec;
}

timespec to_timespec(std::int64_t ns) {
    return {ns / second_ns, ns % second_ns};
}

std::int64_t monotonic_ns() {
    timespec now{};
    real_clock_gettime(CLOCK_MONOTONIC, &now);
    return to_ns(now);
}

void sleep_ns(std::int64_t ns) {
    timespec rest = to_timespec(ns);
    while (::nanosleep(&rest, &rest) != 0 && errno == EINTR) {
    }
}

void count(std::atomic<std::uint64_t>& counter) {
    counter.fetch_add(1, std::memory_order_relaxed);
}

/// Between 0 and twice the mean, from a generator that needs no state but a counter.
std::int64_t draw_late(std::int64_t mean_ns) {
    static std::atomic<std::uint64_t> drawn{0};
    std::uint64_t x = drawn.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    x ^= x >> 31;
    return static_cast<std::int64_t>(x % static_cast<std::uint64_t>(2 * mean_ns + 1));
}

/// Around every disk call: dies before it, or makes it late.
template <class Call>
auto disk_call(Call call) {
    ControlPage* const faults = page();
    if (faults == nullptr) return call();
    if (faults->die_after_disk_ops.load(std::memory_order_relaxed) > 0 &&
        faults->die_after_disk_ops.fetch_sub(1) == 1) {
        count(faults->disk_deaths);
        ::kill(::getpid(), SIGKILL);
    }
    if (faults->disk_stalled.load(std::memory_order_acquire) != 0) {
        count(faults->disk_calls_stalled);
        while (faults->disk_stalled.load(std::memory_order_acquire) != 0) sleep_ns(stall_poll_ns);
    }
    const std::int64_t factor = faults->disk_factor.load(std::memory_order_relaxed);
    if (factor <= 1) return call();
    const std::int64_t begun = monotonic_ns();
    const auto answer = call();
    const int error = errno;
    sleep_ns((monotonic_ns() - begun) * (factor - 1));
    count(faults->disk_calls_slowed);
    errno = error;
    return answer;
}

/// A wait of the node's clock in real time, and late on top.
std::int64_t real_wait(ControlPage& faults, std::int64_t wait_ns) {
    const std::int64_t rate = read_clock(faults).rate_millionths;
    if (rate != 1'000'000 && rate > 0) {
        wait_ns = wait_ns / rate * 1'000'000 + wait_ns % rate * 1'000'000 / rate;
    }
    const std::int64_t late_ns = faults.timer_late_mean_ns.load(std::memory_order_relaxed);
    if (late_ns > 0) {
        wait_ns += draw_late(late_ns);
        count(faults.timers_late);
    }
    return wait_ns > 0 ? wait_ns : 1;  // 0 would disarm the timer
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* into) {
    const int status = real_clock_gettime(clock, into);
    ControlPage* const faults = status == 0 ? page() : nullptr;
    if (faults == nullptr) return status;
    const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    const bool monotonic = clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE;
    if (!wall && !monotonic) return status;
    const ClockSettings settings = read_clock(*faults);
    const std::int64_t real_ns = to_ns(*into);
    if (monotonic) {
        const std::int64_t seen_ns = seen_monotonic(settings, real_ns);
        if (settings.rate_millionths != 1'000'000) count(faults->monotonic_reads_wrong);
        *into = to_timespec(seen_ns);
        return status;
    }
    const std::int64_t seen_ns = seen_wall(settings, real_ns, monotonic_ns());
    if (settings.wall_offset_ns != 0 || settings.wall_frozen_ns != 0) {
        count(faults->wall_reads_wrong);
    }
    *into = to_timespec(seen_ns);
    return status;
}

int timerfd_settime(int file, int flags, const itimerspec* value, itimerspec* old) {
    ControlPage* const faults = page();
    const std::int64_t wait_ns = to_ns(value->it_value);
    // Absolute times are what Asio uses to say "at once", 0 what it uses to say "never".
    if (faults == nullptr || (flags & TFD_TIMER_ABSTIME) != 0 || wait_ns == 0) {
        return real_timerfd_settime(file, flags, value, old);
    }
    itimerspec changed = *value;
    changed.it_value = to_timespec(real_wait(*faults, wait_ns));
    return real_timerfd_settime(file, flags, static_cast<const itimerspec*>(&changed), old);
}

ssize_t pread(int file, void* into, size_t bytes, off_t offset) {
    return disk_call([&] { return real_pread(file, into, bytes, offset); });
}

ssize_t pwrite(int file, const void* from, size_t bytes, off_t offset) {
    return disk_call([&] {
        return told([&] { return real_pwrite(file, from, bytes, offset); },
                    [&](ssize_t written) {
                        JournalEntry::tell(JournalKind::write, inode_of(file),
                                           static_cast<std::uint64_t>(offset), "", from,
                                           static_cast<size_t>(written));
                    });
    });
}

int fdatasync(int file) {
    // A sync that is slow or stalled has not ended: what it covers can still be lost.
    return told_sync(file, [&] { return disk_call([&] { return real_fdatasync(file); }); });
}

int fsync(int file) {
    return told_sync(file, [&] { return disk_call([&] { return real_fsync(file); }); });
}

int ftruncate(int file, off_t bytes) noexcept {
    return disk_call([&] {
        return told([&] { return real_ftruncate(file, bytes); },
                    [&](int) {
                        JournalEntry::tell(JournalKind::truncate, inode_of(file),
                                           static_cast<std::uint64_t>(bytes));
                    });
    });
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
    return disk_call([&] {
        return told([&] { return real_renameat(from_folder, from, to_folder, to); },
                    [&](int) {
                        JournalEntry::tell(JournalKind::rename, 0, 0, from, to,
                                           __builtin_strlen(to));
                    });
    });
}

int unlinkat(int folder, const char* name, int flags) noexcept {
    return disk_call([&] {
        return told([&] { return real_unlinkat(folder, name, flags); },
                    [&](int) { JournalEntry::tell(JournalKind::remove, 0, 0, name); });
    });
}

int openat(int folder, const char* name, int flags, ...) {
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return told_open(folder, name, flags, [&] { return real_openat(folder, name, flags, mode); });
}

int mkdirat(int folder, const char* name, mode_t mode) noexcept {
    return told([&] { return real_mkdirat(folder, name, mode); },
                [&](int) {
                    JournalEntry::tell(JournalKind::create_directory, inode_at(folder, name), 0,
                                       name);
                });
}

}  // extern "C"
