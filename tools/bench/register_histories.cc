// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/register_histories.h"

#include <vector>

#include "base/prng.h"

namespace geode::bench {
namespace {

struct Client {
    enum class State : std::uint8_t { idle, invoked, done };
    State state = State::idle;
    bool reads = false;
    std::int64_t value = 0;
    std::uint32_t ended = 0;
};

}  // namespace

check::History make_register_history(const RegisterHistoryOptions& options) {
    Prng random(options.seed);
    check::HistoryBuilder builder;
    std::vector<Client> clients(options.clients);
    std::int64_t current = 0;
    std::int64_t next = 1;
    std::uint64_t left = std::uint64_t{options.clients} * options.operations;
    bool stale_due = options.stale_read;
    while (left != 0) {
        const auto index = static_cast<std::int64_t>(random.below(clients.size()));
        Client& client = clients[static_cast<std::size_t>(index)];
        if (client.state == Client::State::idle && client.ended < options.operations) {
            client.reads = random.chance(1, 2);
            client.value = client.reads ? 0 : next++;
            const auto argument =
                client.reads ? check::nil_value : builder.values().integer(client.value);
            const auto function = client.reads ? check::Function::read : check::Function::write;
            GEODE_ASSERT(
                builder.invoke({.process = index, .function = function, .argument = argument}));
            client.state = Client::State::invoked;
        } else if (client.state == Client::State::invoked) {
            if (client.reads) {
                client.value = current;
            } else {
                current = client.value;
            }
            client.state = Client::State::done;
        } else if (client.state == Client::State::done) {
            const bool stale = stale_due && client.reads && left < 100 && current > 1000;
            if (stale) client.value = 1;
            stale_due = stale_due && !stale;
            const auto seen =
                client.value == 0 ? check::nil_value : builder.values().integer(client.value);
            GEODE_ASSERT(builder.ok(index, client.reads ? seen : check::nil_value));
            client.state = Client::State::idle;
            ++client.ended;
            --left;
        }
    }
    return std::move(builder).finish();
}

}  // namespace geode::bench
