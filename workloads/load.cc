// SPDX-License-Identifier: Apache-2.0
#include "workloads/load.h"

namespace geode::workloads {

LoadQueue::LoadQueue(std::vector<graph::Batch> vertices, std::vector<graph::Batch> edges)
    : vertex_batches_(vertices.size()) {
    batches_.reserve(vertices.size() + edges.size());
    for (graph::Batch& batch : vertices) batches_.emplace_back(std::move(batch));
    for (graph::Batch& batch : edges) batches_.emplace_back(std::move(batch));
}

const graph::Command* LoadQueue::take(std::size_t& number) {
    if (!returned_.empty()) {
        number = returned_.back();
        returned_.pop_back();
        return &batches_[number];
    }
    const std::size_t end = acknowledged_ < vertex_batches_ ? vertex_batches_ : batches_.size();
    if (next_ >= end) return nullptr;
    number = next_++;
    return &batches_[number];
}

void LoadQueue::done(std::size_t number) {
    GEODE_ASSERT(number < next_);
    ++acknowledged_;
    GEODE_ASSERT(acknowledged_ <= batches_.size());
}

void LoadQueue::again(std::size_t number) {
    GEODE_ASSERT(number < next_);
    returned_.push_back(number);
}

void run_load_client(World& world, node::Client& client, const Pace& pace, const Control& control,
                     LoadQueue& queue, Progress& progress) {
    Prng prng = world.random().stream("workload");
    while (!control.stop && !queue.complete()) {
        think(world, prng, pace);
        std::size_t number = 0;
        const graph::Command* const batch = queue.take(number);
        if (batch == nullptr) continue;  // others still write vertices
        const MonoTime begun = world.now();
        const Result<graph::Outcome> outcome =
            client.write(*batch, world.deadline_in(pace.deadline));
        GEODE_ASSERT_MSG(!outcome || outcome->is_ok(), "loading puts what the reader accepted");
        if (outcome) {
            queue.done(number);
            progress.count(Ending::ok, world.now() - begun);
        } else {
            queue.again(number);
            progress.count(ending_of_write(outcome.code()), world.now() - begun);
        }
    }
    progress.finished = true;
}

}  // namespace geode::workloads
