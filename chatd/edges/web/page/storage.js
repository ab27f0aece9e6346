// What is kept in the browser. `settings` last and are shared by all pages of this server; `tab` is this page's
// alone, and is there after a reload. Where a browser keeps nothing, both live as long as the page.

class Kept {
  #area;
  #memory = new Map();

  constructor(area) {
    try {
      const probe = 'chatd.probe';
      area().setItem(probe, '1');
      area().removeItem(probe);
      this.#area = area();
    } catch {
      this.#area = null;
    }
  }

  get(name, otherwise = null) {
    const text = this.#area ? this.#read(name) : this.#memory.get(name);
    if (text == null) return otherwise;
    try {
      return JSON.parse(text) ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  set(name, value) {
    const text = JSON.stringify(value);
    this.#memory.set(name, text);
    try {
      this.#area?.setItem(`chatd.${name}`, text);
    } catch {
      this.#area = null; // it is full: from here on memory has to do
    }
  }

  remove(name) {
    this.#memory.delete(name);
    this.#area?.removeItem(`chatd.${name}`);
  }

  #read(name) {
    return this.#area.getItem(`chatd.${name}`);
  }
}

export const settings = new Kept(() => window.localStorage);
export const tab = new Kept(() => window.sessionStorage);
