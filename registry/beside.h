// Work that is done on a thread of its own while the caller goes on, or, when the system gives none, by whoever waits for it. Rationale:
// std::launch::async alone throws then, and what is an hour of full memory must not end the process.
//
// Wait for what it gives, with `get`: work that nobody waits for may never be done.
#pragma once

#include <future>
#include <memory>

namespace maillage::registry {

// libstdc++ and libc++ take a thread whenever there is one. What they are given is copied: libstdc++ moves a temporary to the thread that it
// does not get, and what it then keeps for later is empty.
template <class Work>
[[nodiscard]] std::future<void> beside(Work work) {
  auto call = [shared = std::make_shared<Work>(std::move(work))] { (*shared)(); };
  return std::async(std::launch::async | std::launch::deferred, call);
}

}  // namespace maillage::registry
