// What is to be sent and in which order: questions of the page first, then what somebody said or asked.

export class SendQueue {
  #urgent = [];
  #items = [];
  #held = [];
  #refused = [];
  holding = false;

  append(item) {
    this.#items.push(item);
  }

  appendUrgent(item) {
    this.#urgent.push(item);
  }

  putBack(item) {
    this.#items.unshift(item);
  }

  next() {
    return this.#urgent.shift() ?? this.#items.shift();
  }

  /** Keep a message whose room is still to be joined, or which was said after one that was refused. */
  hold(item) {
    this.#held.push(item);
  }

  /** Keep a message that the server could not take now: it goes before what is held. */
  holdRefused(item) {
    this.#refused.push(item);
  }

  /** Put what was held back to where it was, before all that was said after it. */
  release() {
    if (this.holding) return;
    this.#items.unshift(...this.#refused, ...this.#held);
    this.#refused = [];
    this.#held = [];
  }
}
