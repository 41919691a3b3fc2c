// The transcriber on a thread of its own, of the lowest priority: it reads files and waits for the provider, and
// neither a call nor the recorder knows of it.
#pragma once

#include "base/ids.hpp"
#include "recording/key.hpp"
#include "store/journal.hpp"
#include "transcribe/service.hpp"

#include <functional>
#include <memory>
#include <string>

namespace holdfast::transcribe {

class Worker {
  public:
    // `journal` outlives the worker. Off until it has a service and is allowed to.
    // `words`: of this call some were written down, and are on the disk. `keys`: of sealed recordings; without, they wait.
    // Both called on its own thread.
    Worker(std::string folder, store::Journal& journal, std::function<void(const base::CallSid&)> words = {},
           recording::FileKeys keys = {});
    ~Worker();  // stops; its loop must see the journal's last answers, so: after the journal's stop

    void configure(std::shared_ptr<const Service> service);  // any thread
    void allow(bool allowed);                                // any thread; cheap when it is no change
    // Waits for the thread: at most for one read of a file. Idempotent.
    void stop();

  private:
    class Core;
    std::unique_ptr<Core> core_;
};

}  // namespace holdfast::transcribe
