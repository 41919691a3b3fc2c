// Where the chain of the journal is, told to the outside: each minute in which something was written, to the log and as an audit
// row, which the sync brings to the agency. Who rewrites the journal of this box, or cuts its end off, cannot rewrite those.
// Admin loop.
#pragma once

#include "base/loop.hpp"
#include "base/timer.hpp"
#include "store/journal.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace holdfast::app {

class ChainAnchor {
  public:
    static constexpr auto k_every = std::chrono::minutes(1);
    static constexpr const char* k_action = "chain_head";  // of the audit row; its detail is link=N head=HEX

    ChainAnchor(base::Loop& loop, store::Journal& journal) : loop_(loop), journal_(journal), timer_(loop) {}

    void start();

  private:
    void look();
    void tell(std::int64_t link, const std::string& head);

    base::Loop& loop_;
    store::Journal& journal_;
    base::Timer timer_;
    std::int64_t told_ = 0;  // the newest link that needs no telling; an anchor's own row is one
};

}  // namespace holdfast::app
