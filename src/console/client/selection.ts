import { useEffect, useState } from "preact/hooks";

/** What the reader looks at. */
export interface Selection {
  readonly feed?: string | undefined;
  readonly symbol?: string | undefined;
}

/** The selection, kept in the address, so that a reload or a bookmark comes back to it. */
export function useSelection(): [Selection, (selection: Selection) => void] {
  const [selection, setSelection] = useState(fromAddress);
  useEffect(() => {
    const onChange = () => {
      setSelection(fromAddress());
    };
    window.addEventListener("hashchange", onChange);
    return () => {
      window.removeEventListener("hashchange", onChange);
    };
  }, []);
  const select = ({ feed, symbol }: Selection) => {
    const parameters = new URLSearchParams({ ...(feed && { feed }), ...(symbol && { symbol }) });
    window.history.replaceState(null, "", `#${parameters.toString()}`);
    setSelection({ feed, symbol });
  };
  return [selection, select];
}

function fromAddress(): Selection {
  const parameters = new URLSearchParams(window.location.hash.slice(1));
  return { feed: parameters.get("feed") ?? undefined, symbol: parameters.get("symbol") ?? undefined };
}
