// SPDX-License-Identifier: Apache-2.0
#include "jepsen/detour.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "base/prng.h"
#include "runtime/os/unique_fd.h"

namespace geode::jepsen {
namespace {

using SteadyClock = std::chrono::steady_clock;
using AddressNumbers = std::pair<std::uint32_t, std::uint32_t>;

constexpr std::size_t frame_bytes_max = 9'216;
constexpr std::size_t waiting_max = 100'000;  // packets; more are dropped, as a full queue would
constexpr std::size_t ethernet_bytes = 14;
/// A packet that others shall overtake waits between these, which is many packets on a LAN.
constexpr std::int64_t overtaken_us_min = 1'000;
constexpr std::int64_t overtaken_us_max = 20'000;

std::uint32_t number_of(const std::string& address) {
    in_addr parsed{};
    GEODE_ASSERT(::inet_pton(AF_INET, address.c_str(), &parsed) == 1);
    return ntohl(parsed.s_addr);
}

}  // namespace

std::pair<std::uint32_t, std::uint32_t> frame_addresses(const char* frame, std::size_t bytes) {
    constexpr std::size_t addresses_at = ethernet_bytes + 12;
    if (bytes < addresses_at + 8 || frame[12] != 8 || frame[13] != 0) return {0, 0};
    std::array<std::uint32_t, 2> numbers{};
    std::memcpy(numbers.data(), frame + addresses_at, sizeof numbers);
    return {ntohl(numbers[0]), ntohl(numbers[1])};
}

struct Detour::State {
    State(os::UniqueFd tap_file, os::UniqueFd wake_file, std::uint64_t seed)
        : tap(std::move(tap_file)), wake(std::move(wake_file)), prng(Prng(seed).split("detour")) {}

    void run();
    void take_in();
    void keep(std::string frame, SteadyClock::time_point until);
    void let_go();
    int poll_ms() const;

    os::UniqueFd tap;
    os::UniqueFd wake;
    std::atomic<bool> stop{false};
    mutable std::mutex mutex;  ///< of the shapes
    std::map<AddressNumbers, LinkShape> shapes;
    std::atomic<std::uint64_t> delayed{0};
    std::atomic<std::uint64_t> duplicated{0};
    std::atomic<std::uint64_t> reordered{0};

    // The thread's own.
    Prng prng;
    std::multimap<SteadyClock::time_point, std::string> waiting;  ///< equal times: in order
    std::thread thread;
};

void Detour::State::run() {
    while (!stop) {
        std::array<pollfd, 2> files = {pollfd{tap.get(), POLLIN, 0}, pollfd{wake.get(), POLLIN, 0}};
        ::poll(files.data(), files.size(), poll_ms());
        if ((files[0].revents & POLLIN) != 0) take_in();
        let_go();
    }
}

/// Rounded up, or the last millisecond would be spent spinning.
int Detour::State::poll_ms() const {
    if (waiting.empty()) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(waiting.begin()->first - SteadyClock::now());
    return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

void Detour::State::take_in() {
    std::array<char, frame_bytes_max> buffer{};
    while (true) {
        const ssize_t bytes = ::read(tap.get(), buffer.data(), buffer.size());
        if (bytes <= 0) return;
        const std::string frame(buffer.data(), static_cast<std::size_t>(bytes));
        LinkShape shape;
        {
            const std::lock_guard<std::mutex> lock(mutex);
            const auto found = shapes.find(frame_addresses(frame.data(), frame.size()));
            if (found != shapes.end()) shape = found->second;
        }
        const auto chance = [&](std::int64_t percent) {
            return percent > 0 && prng.chance(static_cast<std::uint64_t>(percent), 100);
        };
        auto due = SteadyClock::now() + std::chrono::microseconds(shape.delay_us);
        if (shape.delay_us > 0) ++delayed;
        if (chance(shape.duplicate_percent)) {
            ++duplicated;
            keep(frame, due);
        }
        if (chance(shape.reorder_percent)) {
            ++reordered;
            due += std::chrono::microseconds(prng.between(overtaken_us_min, overtaken_us_max));
        }
        keep(frame, due);
    }
}

void Detour::State::keep(std::string frame, SteadyClock::time_point until) {
    if (waiting.size() < waiting_max) waiting.emplace(until, std::move(frame));
}

void Detour::State::let_go() {
    const auto now = SteadyClock::now();
    while (!waiting.empty() && waiting.begin()->first <= now) {
        const std::string& frame = waiting.begin()->second;
        // A frame that the kernel does not take is lost, as frames are.
        static_cast<void>(!::write(tap.get(), frame.data(), frame.size()));
        waiting.erase(waiting.begin());
    }
}

Detour::Detour(std::unique_ptr<State> state) : state_(std::move(state)) {
    state_->thread = std::thread([this] { state_->run(); });
}

Detour::~Detour() {
    state_->stop = true;
    const std::uint64_t one = 1;
    static_cast<void>(!::write(state_->wake.get(), &one, sizeof one));
    state_->thread.join();
}

Result<std::unique_ptr<Detour>> Detour::open(std::uint64_t seed) {
    os::UniqueFd tap(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    os::UniqueFd wake(::eventfd(0, EFD_CLOEXEC));
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    std::strncpy(request.ifr_name, detour_device, IFNAMSIZ - 1);
    if (!tap || !wake || ::ioctl(tap.get(), TUNSETIFF, &request) != 0) {
        return make_error(ErrorCode::unavailable,
                          std::string("no tap device: ") + std::strerror(errno));
    }
    return std::unique_ptr<Detour>(
        new Detour(std::make_unique<State>(std::move(tap), std::move(wake), seed)));
}

void Detour::set(const std::map<sim::Link, LinkShape>& shapes) {
    std::map<AddressNumbers, LinkShape> numbered;
    for (const auto& [link, shape] : shapes) {
        const auto pair = addresses_of(link);
        if (pair) numbered[{number_of(pair->source), number_of(pair->destination)}] = shape;
    }
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->shapes = std::move(numbered);
}

DetourCounts Detour::counts() const {
    return {state_->delayed, state_->duplicated, state_->reordered};
}

}  // namespace geode::jepsen
