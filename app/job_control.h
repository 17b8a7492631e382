#pragma once

namespace store {

/// The shell stops a program and lets it go on (Ctrl-Z, fg, bg). Who draws on the terminal holds the stop until what is drawn has been
/// taken away. Thread rule: hold and release in one thread at a time, the rest in any.
class JobControl {
 public:
  virtual ~JobControl() = default;
  /// From here to `release` a Ctrl-Z only asks.
  virtual void hold() = 0;
  virtual void release() = 0;
  /// A Ctrl-Z since the last stop().
  virtual bool stop_asked() const = 0;
  /// Stops the process; returns when it goes on.
  virtual void stop() = 0;
  /// How often the process went on after a stop that could not be held: something else stands on the screen.
  virtual unsigned continued() const = 0;
  /// The terminal is this program's; in the background it is the shell's.
  virtual bool in_foreground() const = 0;
};

/// Of this process, whose terminal is behind standard error. One at a time.
class ProcessJobControl final : public JobControl {
 public:
  void hold() override;
  void release() override;
  bool stop_asked() const override;
  void stop() override;
  unsigned continued() const override;
  bool in_foreground() const override;

 private:
  bool held_ = false;
};

}  // namespace store
