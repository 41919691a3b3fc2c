#include "app/chain_anchor.hpp"

#include "base/base64.hpp"
#include "log/log.hpp"

namespace holdfast::app {
namespace {

constexpr log::Logger k_log{"chain"};

}  // namespace

void ChainAnchor::start() {
    timer_.arm(k_every, [this] {
        start();
        look();
    });
}

void ChainAnchor::look() {
    store::ReadChain newest;
    newest.link = 0;
    journal_.read_chain(newest, [this](base::Result<store::ChainBite> bite) {
        if (!bite || bite->newest == 0) return;  // there is none yet, or a damaged one is being saved
        loop_.post([this, link = bite->newest, head = base::hex_encode(bite->newest_head)] { tell(link, head); });
    });
}

void ChainAnchor::tell(std::int64_t link, const std::string& head) {
    if (link <= told_) return;
    k_log.notice("the chain of the journal", {{"link", link}, {"head", head}});
    store::Audit row;
    row.utc_ms = loop_.utc_ms();
    row.actor = "daemon";
    row.action = k_action;
    row.detail = "link=" + std::to_string(link) + " head=" + head;
    if (journal_.append(std::move(row))) told_ = link + 1;
}

}  // namespace holdfast::app
