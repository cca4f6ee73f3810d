// Which verbs of the control socket wait for the writer.
#include <catch2/catch.hpp>

#include "daemon/operations.h"

using namespace maillage::daemon;

TEST_CASE("a contribution is shown while the writer is busy, and whatever changes the inbox waits for its turn") {
  CHECK_FALSE(writes("inbox-show"));
  CHECK_FALSE(writes("inbox-files"));
  for (const char* verb : {"inbox-list", "inbox-approve", "inbox-refuse", "inbox-ask", "publish", "import"}) CHECK(writes(verb));
}
