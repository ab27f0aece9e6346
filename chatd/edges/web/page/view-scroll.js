// Where one reads: at the end, which is followed, or further up, which stays where it is.

const BY_HAND_MS = 400;
const LEAP = 300; // pixels
const NEAR = 60; // pixels from the end within which one reads the newest
const ANCHORED = CSS.supports('overflow-anchor: auto');

export class Scroller {
  /** Whether what comes at the end is brought into view. */
  follow = true;
  #frame = 0;
  #top = 0;
  #touched = -BY_HAND_MS;

  /** `changed()` tells that `follow` has, `near()` that the beginning is not far. */
  constructor(log, list, changed, near) {
    this.log = log;
    this.list = list;
    log.addEventListener('scroll', () => this.#scrolled(changed, near), { passive: true });
    for (const event of ['wheel', 'touchmove', 'keydown', 'pointermove']) {
      log.addEventListener(event, (each) => this.#touch(each), { passive: true });
    }
    const grown = new ResizeObserver(() => this.pin());
    grown.observe(list);
    grown.observe(log);
  }

  /** Go to the end with the next frame, if it is followed. */
  pin() {
    if (this.#frame || !this.follow) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.follow) this.log.scrollTop = this.log.scrollHeight;
    });
  }

  /** Much was taken away above: nobody has scrolled. */
  forget() {
    this.#top = 0;
  }

  /** Keep what is in view in its place while something is put above; return what to do then. */
  hold() {
    if (this.log.scrollTop < 1) this.log.scrollTop = 1; // at 0 browsers do not keep it by themselves
    const first = this.list.firstElementChild;
    if (ANCHORED || !first) return () => {};
    const before = first.offsetTop;
    return () => {
      if (!this.follow) this.log.scrollTop += first.offsetTop - before;
    };
  }

  #touch({ type, buttons }) {
    if (type !== 'pointermove' || buttons) this.#touched = performance.now();
  }

  #scrolled(changed, near) {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    // New lines move the end away, and rows whose height becomes known move all a little: not the reader.
    const byHand = performance.now() - this.#touched < BY_HAND_MS || scrollTop < this.#top - LEAP;
    const follow = scrollHeight - scrollTop - clientHeight < NEAR || (this.follow && !byHand);
    this.#top = scrollTop;
    if (follow !== this.follow) {
      this.follow = follow;
      changed();
    }
    if (scrollTop < clientHeight) near();
  }
}
