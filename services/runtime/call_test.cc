#include "services/runtime/call.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace tandem::runtime {
namespace {

// A message as CommandFor sees one.
class Request {
 public:
  explicit Request(std::string id, std::string what = "beans")
      : id_(std::move(id)), what_(std::move(what)) {}
  const std::string& request_id() const { return id_; }
  void set_request_id(const std::string& id) { id_ = id; }
  std::string SerializeAsString() const { return id_ + "/" + what_; }

 private:
  std::string id_;
  std::string what_;
};

Command CommandOf(const Request& request) { return CommandFor(Call{}, "Order", request, nullptr); }

// A client that writes its UUID otherwise when it tries again asks for the same.
TEST(CommandForTest, ARequestIdIsTheSameInEitherCase) {
  const Command lower = CommandOf(Request("9f1c2a34-0b5d-4e6f-8a7b-1c2d3e4f5a6b"));
  const Command upper = CommandOf(Request("9F1C2A34-0B5D-4E6F-8A7B-1C2D3E4F5A6B"));
  EXPECT_EQ(upper.request_id, lower.request_id);
  EXPECT_EQ(upper.request_digest, lower.request_digest);
  EXPECT_EQ(lower.request_digest, DigestOf("Order", "9f1c2a34-0b5d-4e6f-8a7b-1c2d3e4f5a6b/beans"));
}

TEST(CommandForTest, OtherIdsAndOtherContentDiffer) {
  const Command one = CommandOf(Request("a"));
  EXPECT_NE(CommandOf(Request("b")).request_id, one.request_id);
  EXPECT_NE(CommandOf(Request("a", "rice")).request_digest, one.request_digest);
}

}  // namespace
}  // namespace tandem::runtime
