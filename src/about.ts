/** The app as people know it. */
export interface AboutApp {
  readonly name: string;
  /** Null where AZURE_FUNCTIONS_ENVIRONMENT is not set. */
  readonly environment: string | null;
  /** The currency of all prices, such as USD. */
  readonly currency: string;
}

/** The name is that of the function app, or of the task hub where the platform gives none. */
export function aboutOf(
  values: {
    readonly WEBSITE_SITE_NAME?: string | undefined;
    readonly AZURE_FUNCTIONS_ENVIRONMENT?: string | undefined;
    readonly PRICE_CURRENCY: string;
  },
  taskHub: string,
): AboutApp {
  return {
    name: values.WEBSITE_SITE_NAME ?? taskHub,
    environment: values.AZURE_FUNCTIONS_ENVIRONMENT ?? null,
    currency: values.PRICE_CURRENCY,
  };
}
