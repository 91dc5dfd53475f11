// SPDX-License-Identifier: Apache-2.0
#include "runtime/fiber.h"

#include <cxxabi.h>

#include <algorithm>
#include <exception>

#include "base/assert.h"
#include "runtime/stack_pool.h"

#if defined(__SANITIZE_ADDRESS__)
#define GEODE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GEODE_ASAN 1
#endif
#endif
#if defined(GEODE_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif

namespace geode {
namespace {

// libstdc++ keeps the caught-exception stack and the uncaught count per thread (invariant 3).
struct ExceptionState {
    void* caught = nullptr;
    unsigned uncaught = 0;
};
static_assert(sizeof(ExceptionState) == 16);

ExceptionState swap_exception_state(const ExceptionState& incoming) {
    auto* current = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
    const ExceptionState outgoing = *current;
    *current = incoming;
    return outgoing;
}

std::size_t default_stack_bytes() {
#if defined(GEODE_ASAN) || !defined(__OPTIMIZE__)
    return 128 * 1024;
#else
    return 64 * 1024;
#endif
}

// One side of a switch: what has to be put back when it runs again.
struct SwitchSide {
    ExceptionState exceptions;
#if defined(GEODE_ASAN)
    void* fake_stack = nullptr;
    const void* stack_bottom = nullptr;
    std::size_t stack_bytes = 0;
#endif
};

#if defined(GEODE_ASAN)
void announce_switch(SwitchSide* from, const SwitchSide& to) {
    __sanitizer_start_switch_fiber(from != nullptr ? &from->fake_stack : nullptr, to.stack_bottom,
                                   to.stack_bytes);
}
void announce_arrival(SwitchSide& here, SwitchSide* came_from) {
    __sanitizer_finish_switch_fiber(here.fake_stack,
                                    came_from != nullptr ? &came_from->stack_bottom : nullptr,
                                    came_from != nullptr ? &came_from->stack_bytes : nullptr);
}
#else
void announce_switch(SwitchSide*, const SwitchSide&) {}
void announce_arrival(SwitchSide&, SwitchSide*) {}
#endif

}  // namespace

struct Scheduler::Context {
    boost::context::fiber context;
    SwitchSide side;
};

struct FiberState {
    std::uint64_t id = 0;
    std::uint32_t slot = 0;
    std::uint32_t generation = 1;  // of the running or next park; 0 would match an empty token
    const char* name = "";
    FiberGroup* group = nullptr;
    UniqueFunction<void()> body;
    boost::context::fiber context;
    SwitchSide side;
    char* stack = nullptr;
    std::vector<WakeToken> joiners;
    WakeReason reason = WakeReason::notified;
    bool live = false;
    bool parked = false;
    bool interruptible = true;
    bool woken = false;
    bool swallowed = false;  // a notification reached it in the park that threw Killed
    bool ready = false;
    bool held = false;
    bool killed = false;
    bool finished = false;
};

// ---- FiberHandle, FiberGroup ----

bool FiberHandle::done() const {
    return scheduler_ == nullptr || scheduler_->find(slot_, id_) == nullptr;
}

void FiberHandle::join() {
    while (!done()) {
        scheduler_->find(slot_, id_)->joiners.push_back(scheduler_->park_token());
        scheduler_->park();
    }
}

void FiberHandle::cancel() {
    if (done()) return;
    FiberState& fiber = *scheduler_->find(slot_, id_);
    fiber.killed = true;
    if (fiber.parked && fiber.interruptible) scheduler_->make_ready(fiber);
}

FiberGroup::~FiberGroup() {
    GEODE_ASSERT_MSG(members_.empty(), "kill() the group first");
}

// ---- Scheduler ----

Scheduler::Scheduler(Options options)
    : options_(options),
      stacks_(std::make_unique<StackPool>(options.stack_bytes != 0 ? options.stack_bytes
                                                                   : default_stack_bytes())),
      context_(std::make_unique<Context>()) {}

Scheduler::~Scheduler() {
    for (const auto& fiber : slots_) GEODE_ASSERT(!fiber->live);
}

FiberState* Scheduler::find(std::uint32_t slot, std::uint64_t id) const {
    if (slot >= slots_.size()) return nullptr;
    FiberState* fiber = slots_[slot].get();
    return fiber->live && fiber->id == id ? fiber : nullptr;
}

FiberState& Scheduler::acquire_slot() {
    if (free_slots_.empty()) {
        slots_.push_back(std::make_unique<FiberState>());
        slots_.back()->slot = static_cast<std::uint32_t>(slots_.size() - 1);
        return *slots_.back();
    }
    FiberState& fiber = *slots_[free_slots_.back()];
    free_slots_.pop_back();
    return fiber;
}

FiberHandle Scheduler::spawn(FiberGroup& group, const char* name, UniqueFunction<void()> body) {
    FiberState& fiber = acquire_slot();
    GEODE_ASSERT(!fiber.live);
    fiber.id = next_id_++;
    fiber.name = name;
    fiber.group = &group;
    fiber.body = std::move(body);
    fiber.live = true;
    fiber.parked = true;  // a fiber that has not started is parked at its entry
    fiber.interruptible = true;
    fiber.killed = group.killed_;
    group.members_.emplace(fiber.id, &fiber);
    make_ready(fiber);
    return FiberHandle(this, fiber.slot, fiber.id);
}

void Scheduler::make_ready(FiberState& fiber) {
    if (fiber.ready || fiber.held) return;
    if (fiber.group->frozen_) {
        fiber.held = true;
        fiber.group->held_.push_back(&fiber);
    } else {
        fiber.ready = true;
        ready_.push_back(&fiber);
    }
}

void Scheduler::unready(FiberState& fiber) {
    if (fiber.ready) ready_.erase(std::find(ready_.begin(), ready_.end(), &fiber));
    if (fiber.held) std::erase(fiber.group->held_, &fiber);
    fiber.ready = false;
    fiber.held = false;
}

bool Scheduler::has_ready() const {
    return !ready_.empty();
}

bool Scheduler::run_one() {
    GEODE_ASSERT(current_ == nullptr);
    if (ready_.empty()) return false;
    const std::size_t index = options_.policy != nullptr ? options_.policy->pick(ready_.size()) : 0;
    GEODE_ASSERT(index < ready_.size());
    FiberState* fiber = ready_[index];
    ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(index));
    fiber->ready = false;
    resume(*fiber);
    return true;
}

void Scheduler::run_ready() {
    while (run_one()) {
    }
}

void Scheduler::start(FiberState& fiber) {
    fiber.stack = stacks_->take();
    boost::context::stack_context stack;
    stack.size = stacks_->stack_bytes();
    stack.sp = fiber.stack + stack.size;
#if defined(GEODE_ASAN)
    fiber.side.stack_bottom = fiber.stack;
    fiber.side.stack_bytes = stack.size;
#endif
    // The pool owns the memory and takes it back in release(), once we are off this stack.
    struct Borrowed {
        void deallocate(boost::context::stack_context&) noexcept {}
    };
    fiber.context = boost::context::fiber(
        std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack), Borrowed{},
        [this, &fiber](boost::context::fiber&& scheduler_context) {
            context_->context = std::move(scheduler_context);
            announce_arrival(fiber.side, &context_->side);
            run_body(fiber);
            fiber.finished = true;
            announce_switch(nullptr, context_->side);
            return std::move(context_->context);
        });
}

// noexcept: an exception that no fiber may leak ends the program here, its origin on the stack.
void Scheduler::run_body(FiberState& fiber) noexcept {
    try {
        fiber.body();
    } catch (const Killed&) {
        GEODE_ASSERT_MSG(fiber.killed, "only a killed fiber may throw Killed");
    }
}

void Scheduler::resume(FiberState& fiber) {
    GEODE_ASSERT(fiber.live && fiber.parked && current_ == nullptr);
    if (options_.policy != nullptr) options_.policy->running(fiber.id);
    ++switches_;
    const bool first = fiber.stack == nullptr;
    if (first && fiber.killed) return release(fiber);
    if (first) start(fiber);
    fiber.parked = false;
    current_ = &fiber;
    context_->side.exceptions = swap_exception_state(fiber.side.exceptions);
    announce_switch(&context_->side, fiber.side);
    boost::context::fiber came_from = std::move(fiber.context).resume();
    announce_arrival(context_->side, nullptr);
    fiber.side.exceptions = swap_exception_state(context_->side.exceptions);
    current_ = nullptr;
    if (fiber.finished) {
        release(fiber);
    } else {
        fiber.context = std::move(came_from);
    }
}

void Scheduler::release(FiberState& fiber) {
    unready(fiber);
    fiber.body = {};
    fiber.context = {};
    if (fiber.stack != nullptr) stacks_->give_back(fiber.stack);
    fiber.stack = nullptr;
    fiber.side = {};
    fiber.group->members_.erase(fiber.id);
    fiber.group = nullptr;
    fiber.live = fiber.parked = fiber.woken = fiber.killed = fiber.finished = false;
    fiber.swallowed = false;
    ++fiber.generation;
    std::vector<WakeToken> joiners = std::move(fiber.joiners);
    fiber.joiners.clear();
    free_slots_.push_back(fiber.slot);
    for (const WakeToken joiner : joiners) wake(joiner);
}

WakeToken Scheduler::park_token() const {
    GEODE_ASSERT_MSG(current_ != nullptr, "only a fiber can wait");
    return WakeToken{current_->slot, current_->generation};
}

void Scheduler::suspend(FiberState& fiber) {
    fiber.parked = true;
    announce_switch(&fiber.side, context_->side);
    context_->context = std::move(context_->context).resume();
    announce_arrival(fiber.side, &context_->side);
}

WakeReason Scheduler::finish_park(FiberState& fiber) {
    const WakeReason reason = fiber.reason;
    fiber.woken = false;
    fiber.reason = WakeReason::notified;
    ++fiber.generation;
    return reason;
}

WakeReason Scheduler::park() {
    GEODE_ASSERT_MSG(current_ != nullptr, "only a fiber can wait");
    FiberState& fiber = *current_;
    if (!fiber.killed && !fiber.woken) suspend(fiber);
    const bool notified = fiber.woken && fiber.reason == WakeReason::notified;
    const WakeReason reason = finish_park(fiber);
    if (fiber.killed && std::uncaught_exceptions() == 0) {
        fiber.swallowed = notified;
        throw Killed{};
    }
    return reason;
}

bool Scheduler::take_swallowed_wake() {
    GEODE_ASSERT(current_ != nullptr && current_->killed);
    return std::exchange(current_->swallowed, false);
}

WakeReason Scheduler::park_uninterruptible() {
    GEODE_ASSERT_MSG(current_ != nullptr, "only a fiber can wait");
    FiberState& fiber = *current_;
    fiber.interruptible = false;
    while (!fiber.woken) suspend(fiber);
    fiber.interruptible = true;
    return finish_park(fiber);
}

void Scheduler::yield() {
    GEODE_ASSERT_MSG(current_ != nullptr, "only a fiber can yield");
    FiberState& fiber = *current_;
    if (!fiber.killed) {
        fiber.woken = true;
        make_ready(fiber);
        suspend(fiber);
    }
    finish_park(fiber);
    if (fiber.killed && std::uncaught_exceptions() == 0) throw Killed{};
}

bool Scheduler::current_killed() const {
    return current_ != nullptr && current_->killed;
}

bool Scheduler::wake(WakeToken token, WakeReason reason) {
    if (token.slot >= slots_.size()) return false;
    FiberState& fiber = *slots_[token.slot];
    if (!fiber.live || fiber.generation != token.generation || fiber.woken) return false;
    fiber.woken = true;
    fiber.reason = reason;
    if (fiber.parked) make_ready(fiber);
    return true;
}

bool Scheduler::kill(FiberGroup& group) {
    GEODE_ASSERT_MSG(current_ == nullptr, "kill() is called from outside any fiber");
    group.killed_ = true;
    if (group.frozen_) thaw(group);
    for (const auto& [id, fiber] : group.members_) fiber->killed = true;
    // Fibers spawned on the way out get higher ids, so one ascending pass reaches them too.
    std::uint64_t after = 0;
    for (auto next = group.members_.upper_bound(after); next != group.members_.end();
         next = group.members_.upper_bound(after)) {
        FiberState& fiber = *next->second;
        after = fiber.id;
        if (!fiber.interruptible && !fiber.woken) continue;
        unready(fiber);
        resume(fiber);
    }
    return group.members_.empty();
}

void Scheduler::freeze(FiberGroup& group) {
    if (group.frozen_) return;
    group.frozen_ = true;
    for (FiberState* fiber : ready_) {
        if (fiber->group != &group) continue;
        fiber->ready = false;
        fiber->held = true;
        group.held_.push_back(fiber);
    }
    std::erase_if(ready_, [](const FiberState* fiber) { return fiber->held; });
}

void Scheduler::thaw(FiberGroup& group) {
    if (!group.frozen_) return;
    group.frozen_ = false;
    std::vector<FiberState*> held = std::move(group.held_);
    group.held_.clear();
    for (FiberState* fiber : held) {
        fiber->held = false;
        make_ready(*fiber);
    }
}

const char* Scheduler::current_name() const {
    return current_ != nullptr ? current_->name : "";
}

const FiberGroup* Scheduler::current_group() const {
    return current_ != nullptr ? current_->group : nullptr;
}

}  // namespace geode
